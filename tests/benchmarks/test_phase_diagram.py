"""Cells of the toy phase diagram: the engine against PyTorch loops of the released procedure.

The peers are transcriptions of the toy addition problem of [liu2022effective, code] that start from
our weights and data:

- `bare` -- the training step alone;
- `accuracies` -- the released procedure with its test loss and accuracies at every step, for which
  it evaluates both sets again after the update, but without its records of the representation;
- `published` -- the loop of the current release: also the parallelogram index, and copies of the
  embeddings;
- `first release` -- which also goes through the parallelograms in Python at every step.

Ours is the program of `phase_diagram`, with both accuracies at every step. The losses must agree
before anything is timed. Set the number of cores for both with `taskset`.
"""

import copy
import os
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.papers.liu2022effective import _runs
from groktheory.papers.liu2022effective._runs import (
    DECODER_RATE,
    EMBEDDING_RATE,
    OUTPUTS,
    SYMBOLS,
    WIDTH,
)
from groktheory.simulations._blocks import Programs
from groktheory.simulations._plan import Plan

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.benchmark

NUM_TRAIN, WEIGHT_DECAY = 45, 5.0
SPEC = sim.tasks.AdditionTable(num_symbols=SYMBOLS, num_train=NUM_TRAIN, num_outputs=OUTPUTS)
PAIRS, SUMS = SPEC.samples()
ONE_OF_EACH = np.unique(SUMS, return_index=True)[1]
KEY = jax.random.key(0)


SETTINGS = {
    "init": _runs.decoder_of_sums,
    "task": lambda key: SPEC.sample(key=key),
    "optimizer": _runs.two_rates,
    "loss": _runs.mean_squared_error,
}
ACCURACIES = {"train_accuracy": _runs.train_accuracy, "test_accuracy": _runs.test_accuracy}


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(
            [torch.nn.Linear(1, WIDTH), torch.nn.Linear(WIDTH, WIDTH)]
            + [torch.nn.Linear(WIDTH, OUTPUTS)]
        )

    def forward(self, embedding, pairs):
        values = embedding[pairs[:, 0]] + embedding[pairs[:, 1]]
        for layer in self.layers[:-1]:
            values = torch.tanh(layer(values))
        return self.layers[-1](values)


def _peer(model, task, kind):
    """A loop over some steps that goes on where the last call ended; returns the losses."""
    order = np.array(task.order)
    train, test = order[:NUM_TRAIN], order[NUM_TRAIN:]
    templates = torch.tensor(np.array(task.targets)[ONE_OF_EACH])
    train_targets, test_targets = (templates[torch.tensor(SUMS[rows])] for rows in (train, test))
    train_pairs, test_pairs = PAIRS[train], PAIRS[test]
    embedding = torch.nn.Parameter(torch.tensor(np.array(model.embedding)))
    decoder = Decoder()
    with torch.no_grad():
        for layer, weights, bias in zip(
            decoder.layers, model.decoder.weights, model.decoder.biases, strict=True
        ):
            layer.weight.copy_(torch.tensor(np.array(weights)))
            layer.bias.copy_(torch.tensor(np.array(bias)))
    optimizers = (
        torch.optim.AdamW([embedding], lr=EMBEDDING_RATE, weight_decay=0.0),
        torch.optim.AdamW(decoder.parameters(), lr=DECODER_RATE, weight_decay=WEIGHT_DECAY),
    )
    corners = [
        [i, n, j, m]
        for i in range(SYMBOLS)
        for j in range(i + 1, SYMBOLS)
        for m in range(j, SYMBOLS)
        for n in range(m + 1, SYMBOLS)
        if i + n == j + m
    ]
    parallelograms = torch.tensor(corners)
    rng = np.random.default_rng(0)
    names = ("test", "train_accuracy", "test_accuracy", "index", "closed", "copies")
    records = {name: [] for name in names}

    def accuracy(outputs, rows):
        distances = torch.sum((outputs.unsqueeze(1) - templates.unsqueeze(0)) ** 2, dim=2)
        return np.mean(torch.argmin(distances, dim=1).numpy() == SUMS[rows])

    def update(loss):
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()

    def run(num_steps):
        losses = []
        for _ in range(num_steps):
            for optimizer in optimizers:
                optimizer.zero_grad()
            chosen = slice(None)
            if kind != "bare":
                chosen = rng.permutation(NUM_TRAIN)
            outputs = decoder(embedding, train_pairs[chosen])
            loss = torch.mean((outputs - train_targets[chosen]) ** 2)
            losses.append(loss.item())
            if kind == "bare":
                update(loss)
                continue
            test_outputs = decoder(embedding, test_pairs)
            records["test"].append(torch.mean((test_outputs - test_targets) ** 2).item())
            update(loss)
            records["train_accuracy"].append(accuracy(decoder(embedding, train_pairs), train))
            records["test_accuracy"].append(accuracy(test_outputs, test))
            decoder(embedding, test_pairs)
            if kind == "accuracies":
                continue
            scaled = (embedding - embedding.mean(0)) / embedding.std(0)
            gaps = scaled[parallelograms[:, :2]].sum(1) - scaled[parallelograms[:, 2:]].sum(1)
            closed = torch.sum((gaps**2).mean(1) < 0.01).item()
            records["index"].append(closed / len(parallelograms))
            if kind == "first release":
                records["closed"].append(
                    [
                        row
                        for row, (i, j, m, n) in enumerate(corners)
                        if torch.mean((scaled[i] + scaled[j] - scaled[m] - scaled[n]) ** 2) < 0.01
                    ]
                )
            records["copies"] += [
                copy.deepcopy(rows.detach().numpy()) for rows in (embedding, scaled)
            ]
        return losses

    return run


def _trainer(num_steps, rounds):
    """Steps of the program that `phase_diagram` compiles, one call a round, none of which ends."""
    plan = Plan.create(
        **SETTINGS,
        num_steps=num_steps * (rounds + 1),
        measures={},
        final={},
        events={name: lambda m, t, a=a: a(m, t) >= 2.0 for name, a in ACCURACIES.items()},
        stop="events",
        batch_size=None,
        sweep={"decoder_learning_rate": (DECODER_RATE,), "weight_decay": (WEIGHT_DECAY,)},
        num_seeds=1,
        record_steps=list(range(0, num_steps * (rounds + 1) + 1, num_steps)),
        dtype="float32",
    )
    swept = {name: jnp.float32(values[0]) for name, values in plan.sweep.items()}
    key = jax.random.fold_in(KEY, 0)
    programs = Programs.compile(plan, KEY, {1})
    state = programs.advance[1](programs.start[1](key, swept), swept, np.int32(0), np.int32(1))
    record = 1

    def run():
        nonlocal state, record
        state = programs.advance[1](state, swept, np.int32(record), np.int32(record + 1))
        jax.block_until_ready(state)
        record += 1

    return run


@pytest.fixture(scope="module")
def start():
    """Model and data of seed 0, as the engine draws them."""
    data_key, init_key, *_ = jax.random.split(jax.random.fold_in(KEY, 0), 4)
    return _runs.decoder_of_sums(init_key), SPEC.sample(key=data_key)


@pytest.mark.parametrize("kind", ["bare", "accuracies", "published", "first release"])
def test_cell_step(kind, start, compare):
    model, task = start
    steps, rounds = 200, 7
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    runs = sim.train(
        **SETTINGS,
        num_steps=100,
        key=KEY,
        record_steps=[0, 10, 100],
        sweep={"decoder_learning_rate": (DECODER_RATE,), "weight_decay": (WEIGHT_DECAY,)},
    )
    losses = _peer(model, task, kind)(101)
    ours = runs["loss"].values.ravel()
    np.testing.assert_allclose([losses[0], losses[10], losses[100]], ours, atol=2e-5)
    peer, ours = _peer(model, task, kind), _trainer(steps, rounds)
    cores = len(os.sched_getaffinity(0))
    name = f"{kind} against ours with accuracies, {steps} steps, {cores} core(s)"
    compare(name, lambda: peer(steps), ours, rounds=rounds)


def test_whole_machine(start):
    """A small diagram on all cores: steps a second, and what the released loop would need."""
    model, task = start
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    num_steps = 2000
    loop = _peer(model, task, "first release")
    loop(20)
    begun = time.perf_counter()
    loop(200)
    peer_step = (time.perf_counter() - begun) / 200

    def diagram(horizon):
        return sim.phase_diagram(
            **SETTINGS,  # pyright: ignore[reportArgumentType]
            **ACCURACIES,
            axes={
                "decoder_learning_rate": np.geomspace(1e-5, 1e-2, 8),
                "weight_decay": np.linspace(0.0, 10.0, 8),
            },
            num_steps=horizon,
            grokking_delay=200,
            key=KEY,
            workers=cores,
        )

    diagram(2)  # warm up the caches of the compiler
    begun = time.perf_counter()
    found = diagram(num_steps)
    seconds = time.perf_counter() - begun
    step = seconds / found.attrs["steps_taken"]
    print(
        f"\nwhole machine, {cores} core(s): {peer_step / step:.1f}x the published loop by step, "
        f"{64 * num_steps * peer_step / seconds:.1f}x in finished cells (compilation included); "
        f"{float(found['is_trained'].mean()):.0%} of the cells trained"
    )
    assert found.attrs["steps_taken"] <= 64 * (num_steps + 1)
