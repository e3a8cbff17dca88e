"""Full-batch training of the two-layer net: the engine against an eager PyTorch loop.

The peer is the obvious loop: one-hot inputs, `nn.Linear` without bias, `optim.Adam` with its L2
weight decay, loss and gradient every step, and nothing else. Both start from the same weights and
must agree on the loss after a step before anything is timed. Set the threads for both with
`taskset`; torch takes as many as there are cores it may use.
"""

import os

import jax
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations._blocks import Programs
from groktheory.simulations._plan import Plan
from groktheory.simulations.optimizers import coupled_adam

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.benchmark

LEARNING_RATE, WEIGHT_DECAY = 1e-3, 2e-4


def _torch_trainer(model: sim.TwoLayerNet, batch: sim.tasks.Batch):
    modulus, width = model.hidden.shape[1:]
    inputs = torch.nn.functional.one_hot(torch.tensor(np.array(batch.inputs)).long(), modulus)
    inputs = inputs.flatten(1).float()
    targets = torch.tensor(np.array(batch.targets)).long()[:, None]
    hidden = torch.nn.Linear(2 * modulus, width, bias=False)
    readout = torch.nn.Linear(width, modulus, bias=False)
    with torch.no_grad():
        hidden.weight.copy_(torch.tensor(np.array(model.hidden).reshape(2 * modulus, width).T))
        readout.weight.copy_(torch.tensor(np.array(model.readout)))
    optimizer = torch.optim.Adam(
        [*hidden.parameters(), *readout.parameters()], lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )

    def train(num_steps: int) -> float:
        loss = torch.tensor(torch.nan)
        for _ in range(num_steps):
            optimizer.zero_grad()
            outputs = readout(hidden(inputs) ** 2)
            outputs = outputs - outputs.mean(dim=1, keepdim=True)
            squared = outputs.pow(2).sum(1) - 2 * outputs.gather(1, targets)[:, 0]
            loss = squared.mean() + 1 - 1 / modulus
            loss.backward()
            optimizer.step()
        return float(loss.detach())

    return train


@pytest.mark.parametrize(
    ("modulus", "width", "train_fraction"), [(71, 2048, 2016 / 71**2), (97, 500, 0.5)]
)
def test_training_step(modulus, width, train_fraction, compare):
    steps, rounds = 20, 7
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    task = sim.ModularAddition(modulus, train_fraction=train_fraction).sample(key=jax.random.key(0))
    plan = Plan.create(
        init=lambda key: sim.TwoLayerNet.init(modulus, width, key=key),
        task=task,
        optimizer=coupled_adam(LEARNING_RATE, WEIGHT_DECAY),
        loss=sim.fused_centered_squared_error,
        num_steps=2 + steps * (rounds + 1),
        record_steps=[0, 2, *range(2 + steps, 3 + steps * (rounds + 1), steps)],
        measures={},
        final={},
        events={},
        stop=None,
        batch_size=None,
        sweep={},
        num_seeds=1,
        dtype="float32",
    )
    programs = Programs.compile(plan, jax.random.key(1), {1})
    _, init_key = jax.random.split(jax.random.fold_in(jax.random.key(1), 0))
    state = programs.start[1](jax.random.fold_in(jax.random.key(1), 0), {})
    peer = _torch_trainer(sim.TwoLayerNet.init(modulus, width, key=init_key), task.train())
    record = 2

    def advance():
        nonlocal state, record
        state = programs.advance[1](state, {}, np.int32(record), np.int32(record + 1))
        jax.block_until_ready(state)
        record += 1

    state = programs.advance[1](state, {}, np.int32(0), np.int32(2))
    peer(2)
    # the peer's loss belongs to the weights before its step: these are our weights after two
    assert peer(1) == pytest.approx(float(state.records["loss"][1]), rel=1e-4)
    cores = len(os.sched_getaffinity(0))
    name = f"M={modulus} K={width} n={int(task.num_train)}, {steps} steps, {cores} core(s)"
    compare(name, lambda: peer(steps), advance, rounds=rounds)
