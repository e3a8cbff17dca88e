"""What tests of papers share: benches of small or planted problems, and readings of figures."""

import io
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation

from groktheory.papers.bench import Bench


class SmallBench(Bench):
    """A bench whose quick settings are replaced by the smaller ones of `smaller`.

    Runs are kept; numbers are, unless the predictions among them are to be computed anew.
    """

    def __init__(self, *arguments, smaller=(), keeps_numbers=True, **options):
        super().__init__(*arguments, **options)
        self.smaller = smaller
        self.keeps_numbers = keeps_numbers

    def pick(self, *, quick, full):
        for setting, replacement in self.smaller:
            if setting == quick:
                return replacement
        return super().pick(quick=quick, full=full)

    def cached(self, name, function):
        return super().cached(name, function) if self.keeps_numbers else dict(function())


class PlantedBench(Bench):
    """A bench whose runs are given: by name, or by a function of name and settings."""

    def __init__(self, key, claim, runs):
        super().__init__(key, claim)
        self.runs = runs

    def train(self, name, **settings) -> Any:
        return self.runs(name, settings) if callable(self.runs) else self.runs[name]

    phase_diagram = train


def rendered(figure, bench, **options):
    """Draw a figure, render it with every warning an error, and return it."""
    drawing = figure.function(bench, **dict(figure.options) | options)
    if not isinstance(drawing, FuncAnimation):
        drawing.savefig(io.BytesIO(), format="png", dpi=40)
    return drawing


def curve(axes, label):
    """Points of the one line with a label."""
    (line,) = [line for line in axes.get_lines() if line.get_label() == label]
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
