"""Runs that obey the theory, made up without training; a test can then plant an error in them."""

import numpy as np
import pytest
import xarray as xr
from helpers import SmallBench

from groktheory import simulations as sim
from groktheory.papers import kumar2023lazy as kumar
from groktheory.papers.kumar2023lazy import _runs, alignment, dynamics, plateau, regimes
from groktheory.theory import lazy_rich
from groktheory.validation import judge

MODULES = (alignment, dynamics, plateau, regimes)


class MadeUpRuns:
    """Stands in for training: the closed flow, with 1 % noise on what is measured on samples.

    `clock(scale)` stretches time, `curvature` replaces the one asked for, `samples` the number of
    training samples, and `factors` multiply records.
    """

    def __init__(self, *, clock=None, curvature=None, samples=None, factors=None, scale=None):
        self.clock = clock or (lambda scale: 1.0)
        self.curvature = curvature or (lambda value: value)
        self.samples = samples or (lambda count: count)
        self.scale = scale or (lambda value: value)
        self.factors = factors or {}

    @staticmethod
    def draw(name, setting, seed, num_samples):
        rng = np.random.default_rng([seed, *name.encode()])
        dimension = setting.dimension
        direction = rng.normal(size=dimension)
        direction *= np.sqrt(dimension) / np.linalg.norm(direction)
        inputs = rng.normal(size=(num_samples, dimension)) / np.sqrt(dimension)
        weights = rng.normal(size=(setting.width, dimension))
        return inputs, direction, weights, rng

    def forms(self, bench, name, setting, num_seeds):
        directions = [self.draw(name, setting, seed, 1)[1] for seed in range(num_seeds)]
        return np.stack([np.outer(direction, direction) for direction in directions])

    def train(self, bench, name, setting, *, scales, curvatures, num_seeds, **options):
        steps = np.array(sim.log_spaced_steps(options["num_steps"], per_decade=15))
        points = [
            [
                [
                    self._run(name, setting, scale, curvature, seed, steps, **options)
                    for seed in range(num_seeds)
                ]
                for curvature in curvatures
            ]
            for scale in scales
        ]
        runs = xr.concat(
            [xr.concat([xr.concat(c, "seed") for c in s], "curvature") for s in points], "scale"
        )
        return runs.assign_coords(scale=list(scales), curvature=list(curvatures), step=steps)

    def _run(self, name, setting, scale, curvature, seed, steps, **options):
        num_samples = self.samples(setting.num_train)
        inputs, direction, weights, rng = self.draw(name, setting, seed, num_samples)
        targets = (inputs @ direction) ** 2 / 2
        if options.get("is_balanced"):
            axes = np.sqrt(setting.dimension) * np.eye(setting.dimension)
            weights = np.concatenate([axes, -axes])
        mean, second = lazy_rich.moments(weights)
        start = {"curvature": self.curvature(curvature), "mean": mean, "second_moment": second}
        flow = lazy_rich.gradient_flow(
            inputs,
            targets,
            steps * self.clock(scale),
            scale=self.scale(scale),
            learning_rate=options.get("learning_rate", _runs.LEARNING_RATE),
            **start,
        )
        form = np.outer(direction, direction)
        error = lazy_rich.loss_terms(
            flow.linear, flow.quadratic, form, curvature=start["curvature"]
        ).total
        records = {
            "loss": flow.train_loss,
            "test_loss": error * np.exp(0.01 * rng.normal()),
            "mean": mean + flow.linear / scale,
            "second_moment": second + flow.quadratic / scale,
        }
        gram = lazy_rich.committee_kernel(inputs, **start)
        cost = targets @ np.linalg.lstsq(gram, targets, rcond=None)[0]
        if "displacement" in (options.get("measures") or {}):
            records["displacement"] = np.full(len(steps), cost * setting.width / scale**2)
        once = {"inputs": inputs, "targets": targets, "initial_weights": weights}
        if "alignment" in (options.get("measures") or {}):
            kept = {"curvature": curvature}
            records["alignment"] = lazy_rich.population_alignment(
                flow.mean, flow.second_moment, form, **kept
            )
            power = lazy_rich.alignment_power(flow.second_moment[-1], form, **kept)
            once["target_power"] = power * scale**2 / setting.width * np.exp(0.05 * rng.normal())
        stop_loss = options.get("stop_loss")
        if stop_loss is not None and np.any(flow.train_loss < stop_loss):
            ended = np.arange(len(steps)) > np.argmax(flow.train_loss < stop_loss)
            for values in records.values():
                values[ended] = np.nan
        data = records | once
        data = {key: np.asarray(value) * self.factors.get(key, 1.0) for key, value in data.items()}
        dims = {
            "mean": ("step", "coordinate"),
            "second_moment": ("step", "coordinate", "other"),
            "inputs": ("sample", "coordinate"),
            "targets": ("sample",),
            "initial_weights": ("unit", "coordinate"),
            "target_power": (),
        }
        return xr.Dataset({key: (dims.get(key, ("step",)), data[key]) for key in data})


@pytest.fixture(scope="module")
def paper():
    return kumar.paper


@pytest.fixture
def judge_made_up(monkeypatch):
    """Return a function that judges a claim on made-up runs of a small committee."""

    def outcome(claim, runs, *, smaller=(), setting=None):
        setting = setting or _runs.Setting(16, 80, 60)
        for module in MODULES:
            for name, replacement in (
                ("train_committees", runs.train),
                ("target_forms", runs.forms),
                ("standard_setting", lambda bench: setting),
            ):
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, replacement)
        bench = SmallBench(kumar.paper.key, claim, smaller=smaller)
        return judge(kumar.paper.claims[claim].function(bench)).outcome

    return outcome


@pytest.fixture
def made_up_runs():
    return MadeUpRuns
