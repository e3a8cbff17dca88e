"""Figure of the explicit network: its weights, its outputs, and what the printed signs give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...theory import kernel_limits as kl
from ...validation.layout import drawing, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from ..bench import Bench

_NODES = ("c+c", r"c$-$c", "s+s", r"s$-$s", "s+c", r"s$-$c", "c+s", r"c$-$s")
_OPERAND = 3


@paper.figure(
    "network-weights",
    caption=(
        "The explicit network that adds modulo p with no weight above one. (a) Weights of the "
        "two operands (Q, R) and of the readout (V), one row a value, one column a node: eight "
        "blocks of all p frequencies, named by the cosines (c) and sines (s) that their nodes add "
        "or subtract. (b) Its outputs over 4p for one second operand b: one on the right sum, zero "
        "elsewhere. (c) The same with the signs of the readout as printed: the sines act on the "
        "difference of the operands, and for most of them a wrong output is as high as the right "
        "one."
    ),
    options={"modulus": 11},
)
def network_weights(bench: Bench, *, modulus: int = 11) -> Figure:
    """Draw the weights as a map, and the outputs with corrected and printed signs."""
    if not _OPERAND < modulus <= 31:
        raise ValueError(f"modulus must lie in [{_OPERAND + 1}, 31], got {modulus}")
    settings = {"width_ratios": (2.3, 1, 1)}
    with drawing(height=2.4, is_wide=True, columns=3, gridspec_kw=settings) as (figure, panels):
        weights = kl.explicit_network(modulus)
        image = _draw_weights(panels[0], np.vstack(weights), modulus)
        printed = kl.explicit_network(modulus, signs=kl.PUBLISHED_SIGNS)
        for axes, network in zip(panels[1:], (weights, printed), strict=True):
            outputs = kl.network_outputs(*network)[:, _OPERAND] / (4 * modulus)
            _draw_map(axes, outputs)
            axes.set(xlabel="output $c$", xticks=(0, modulus - 1), yticks=(0, modulus - 1))
        panels[1].set_title(f"corrected signs, $b = {_OPERAND}$", fontsize="medium")
        panels[2].set_title("printed signs", fontsize="medium")
        panels[1].set_ylabel("first operand $a$", labelpad=-4)
        for axes, name in zip(panels, "abc", strict=True):
            letter(axes, name)
        bar = figure.colorbar(image, ax=list(panels), ticks=(-1, 0, 1), fraction=0.03, pad=0.01)
        bar.set_label(r"weight, output$/4p$")
    return figure


def _draw_weights(axes: Axes, weights: np.ndarray, modulus: int) -> AxesImage:
    image = _draw_map(axes, weights, aspect="auto")
    for row in (1, 2):
        axes.axhline(row * modulus - 0.5, color="black", lw=0.8)
    for block in range(1, len(_NODES)):
        axes.axvline(block * modulus - 0.5, color="black", lw=0.5)
    middle = (modulus - 1) / 2
    axes.set_yticks([middle + row * modulus for row in range(3)], ["$Q$", "$R$", "$V$"])
    axes.set_xticks([middle + block * modulus for block in range(len(_NODES))], _NODES)
    axes.tick_params(length=0)
    axes.set(xlabel=f"nodes, {modulus} frequencies each")
    return image


def _draw_map(
    axes: Axes, values: np.ndarray, *, aspect: Literal["equal", "auto"] = "equal"
) -> AxesImage:
    return axes.imshow(
        values, cmap="RdBu_r", vmin=-1, vmax=1, aspect=aspect, interpolation="nearest"
    )
