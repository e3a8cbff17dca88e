"""devinterp at work on one of our problems: a task on standard input, its times on standard output.

Run by `test_llc.py` with the interpreter of an environment that has devinterp 1.3 or 2.0; imports
nothing of this package.
"""

import importlib.util
import json
import logging
import sys
import time

STARTED = time.perf_counter()

import torch  # noqa: E402


class Network(torch.nn.Module):
    """Two layers without biases, linear or with squares between them."""

    def __init__(self, layers, kind):
        super().__init__()
        self.layers = torch.nn.ParameterList([torch.tensor(layer) for layer in layers])
        self.kind = kind

    def forward(self, inputs):
        """Outputs of a batch."""
        hidden = inputs @ self.layers[0].T
        return (hidden**2 if self.kind == "quadratic" else hidden) @ self.layers[1].T


def sample_losses(model, inputs, targets):
    """Half the squared error of every sample."""
    return ((model(inputs) - targets) ** 2).sum(dim=1) / 2


def first_version(task, inputs, targets):
    """Return a function of the number of draws, by devinterp 1.3."""
    from devinterp.optim.sgld import SGLD
    from devinterp.slt.sampler import estimate_learning_coeff_with_summary

    data = torch.utils.data.TensorDataset(inputs, targets)
    loader = torch.utils.data.DataLoader(data, batch_size=task["batch_size"], shuffle=True)

    def evaluate(model, batch):
        return sample_losses(model, *batch).mean(), {}

    def run(num_draws):
        found = estimate_learning_coeff_with_summary(
            Network(task["layers"], task["kind"]),
            loader,
            evaluate=evaluate,
            sampling_method=SGLD,
            optimizer_kwargs={
                "lr": task["step_size"],
                "localization": task["localization"],
                "nbeta": task["scale"],
            },
            num_chains=task["num_chains"],
            num_draws=num_draws,
            num_burnin_steps=task["burn_in"],
            init_loss=float(task["reference"]),
            verbose=False,
        )
        return float(found["llc/mean"])

    return run


def second_version(task, inputs, targets):
    """Return the same by devinterp 2.0, to whose tokens the samples are numbers."""
    from datasets import Dataset
    from devinterp.slt.llc import compute_llc
    from devinterp.slt.sampling import sample

    numbers = Dataset.from_dict({"input_ids": [[i, i] for i in range(len(inputs))]})
    numbers.set_format("torch")

    def losses(model, tokens):
        rows = tokens[:, 0]
        return sample_losses(model, inputs[rows], targets[rows])[:, None]

    def run(num_draws):
        chains = sample(
            Network(task["layers"], task["kind"]),
            numbers,
            {},
            lr=task["step_size"],
            n_beta=task["scale"],
            num_chains=task["num_chains"],
            num_draws=num_draws,
            num_burnin_steps=task["burn_in"],
            batch_size=task["batch_size"],
            localization=task["localization"],
            num_init_loss_batches=1,
            loss_fn=losses,
            device="cpu",
        )
        return float(compute_llc(chains)["llc_mean"])

    return run


def main():
    """Do the task."""
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    task = json.load(sys.stdin)
    inputs, targets = (torch.tensor(task[name]) for name in ("inputs", "targets"))
    is_second = importlib.util.find_spec("devinterp.slt.sampling") is not None
    run = (second_version if is_second else first_version)(task, inputs, targets)
    found, times, ends = [], [], []
    for num_draws in task["num_draws"]:
        started = time.process_time()
        found.append(run(num_draws))
        times.append(time.process_time() - started)
        ends.append(time.perf_counter() - STARTED)
    print("RESULT " + json.dumps({"found": found, "seconds": times, "since_start": ends}))


if __name__ == "__main__":
    main()
