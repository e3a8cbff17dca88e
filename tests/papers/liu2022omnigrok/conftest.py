import numpy as np
import pytest
import xarray as xr
from helpers import rendered

from groktheory.papers import liu2022omnigrok
from groktheory.papers.bench import Bench
from groktheory.theory import norm_landscape
from groktheory.validation import judge


@pytest.fixture(scope="module")
def paper():
    return liu2022omnigrok.paper


@pytest.fixture
def theory():
    return norm_landscape


class PlantedBench(Bench):
    """A bench whose runs are made up: `make(name, sweep, steps, seeds)` returns their variables.

    Variables with as many axes as there are swept parameters, seeds and steps are records; those
    with one axis less are read off once a run.
    """

    def __init__(self, make):
        super().__init__(liu2022omnigrok.paper.key, "planted")
        self.make = make

    def train(self, name, **settings):
        sweep = settings.get("sweep", {})
        steps, seeds = np.array(settings["record_steps"]), settings["num_seeds"]
        dims = (*sweep, "seed", "step")
        grids = np.meshgrid(
            *(np.array(values) for values in sweep.values()), np.arange(seeds), indexing="ij"
        )
        variables = self.make(name, dict(zip(sweep, grids, strict=False)), steps, grids[-1])
        shape = grids[-1].shape
        stopped = {"stopped_at": np.full(shape, -1), "diverged_at": np.full(shape, -1)}
        return xr.Dataset(
            {
                key: (dims[: np.ndim(value)], np.asarray(value))
                for key, value in (stopped | variables).items()
            },
            coords={**{key: list(values) for key, values in sweep.items()}, "step": steps},
            attrs={"num_steps": settings["num_steps"]},
        )


@pytest.fixture
def outcome_of():
    """Verdict on a claim about made-up runs."""

    def outcome(name, make):
        return judge(liu2022omnigrok.paper.claims[name].function(PlantedBench(make))).outcome

    return outcome


@pytest.fixture
def draw():
    """Draw a figure of made-up runs, render it with every warning an error, and return it."""

    def draw(name, make, **options):
        figure = liu2022omnigrok.paper.figures[name]
        return rendered(figure, PlantedBench(make), **options)

    return draw
