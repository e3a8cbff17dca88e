"""Figure of the number of train images: more data degrok."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...validation.layout import drawing, legend_above, letter
from . import images
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench


@paper.figure(
    "data-size",
    caption=(
        "Networks that read digits, from eight times the ordinary weights at weight decay one. "
        "(a) Steps to a train accuracy of 95 % and to a given test accuracy against the number of "
        "train images; bars, standard errors over three seeds; the shaded gap closes with more "
        "data. (b) Test accuracy of the first seed along the runs; dotted, the test accuracy that "
        "counts as generalizing, which the smallest train set does not reach."
    ),
    options={"threshold": images.ENOUGH},
)
def data_size(bench: Bench, *, threshold: float = images.ENOUGH) -> Figure:
    """Draw the two steps against the number of images, and accuracies along the runs."""
    if not 0.2 <= threshold <= images.ENOUGH:
        raise ValueError(
            f"threshold must lie in [0.2, {images.ENOUGH}], where the runs end, got {threshold}"
        )
    sizes, too_few, num_steps = images.data_sizes(bench)
    found = {
        size: images.run_of_size(bench, size, num_steps=num_steps) for size in (too_few, *sizes)
    }
    times = np.array([images.crossings(found[size], generalizes=threshold) for size in sizes])
    fits, groks = times[:, 0, 0], times[:, 1, 0]
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        for steps, color, label in ((fits, "C0", "fits"), (groks, "C1", "generalizes")):
            error = steps.std(axis=1, ddof=1) / np.sqrt(steps.shape[1])
            panels[0].errorbar(sizes, steps.mean(axis=1), error, fmt="o-", color=color, label=label)
        low, high = fits.mean(axis=1), groks.mean(axis=1)
        fine = np.geomspace(sizes[0], sizes[-1], 200)
        between = [
            np.exp(np.interp(np.log(fine), np.log(sizes), np.log(steps))) for steps in (low, high)
        ]
        panels[0].fill_between(
            fine,
            *between,
            where=between[1] >= between[0],
            color="0.5",
            alpha=0.2,
            lw=0,
            label="delay",
        )
        panels[0].set(xscale="log", yscale="log", xlabel="number of train images", ylabel="step")
        panels[0].set_xticks(sizes, [str(size) for size in sizes])
        panels[0].set_yticks([500, 1000, 2000], ["500", "1000", "2000"])
        panels[0].minorticks_off()
        for index, (size, runs) in enumerate(found.items()):
            run = runs.isel(weight_decay=0, seed=0)
            panels[1].plot(
                run["step"].values[1:],
                run["test_accuracy"].values[1:],
                color=f"C{index}",
                label=f"{size} images" if size == too_few else str(size),
            )
        panels[1].axhline(threshold, color="0.5", ls=":")
        panels[1].set(xscale="log", xlabel="step", ylabel="test accuracy", ylim=(0, 1))
        for axes, name, columns in zip(panels, "ab", (3, 5), strict=True):
            letter(axes, name)
            legend_above(axes, columns=columns)
    return figure
