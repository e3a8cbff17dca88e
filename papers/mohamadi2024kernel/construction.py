"""The explicit network that adds modulo p, put into the network of the simulations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import kernel_limits as kl
from ...validation import Axis, Evidence, Exact, Form, Prediction
from ._card import paper

if TYPE_CHECKING:
    from ..bench import Bench


@paper.claim(
    "explicit-network",
    statement="Eight nodes a frequency with weights of at most one add modulo p exactly; half of "
    "the frequencies suffice for classification.",
    source="[mohamadi2024kernel, Prop. 3.8] with two signs corrected; half network derived",
    headline=True,
)
def explicit_network(bench: Bench) -> tuple[Evidence, ...]:
    """Put the weights into the network of the simulations, in double precision, and look at all
    outputs. Wrong signs, as printed, misclassify.
    """
    moduli = bench.pick(quick=(5, 7, 11, 12, 23), full=(5, 7, 11, 12, 23, 59, 97))

    def evaluate() -> dict[str, np.ndarray]:
        rows = []
        for index, modulus in enumerate(moduli):
            bench.progress(index / len(moduli), f"p = {modulus}")
            a, b = np.divmod(np.arange(modulus**2), modulus)
            exact = 4 * modulus * np.eye(modulus)[(a + b) % modulus]
            weights = kl.explicit_network(modulus, num_copies=2)
            printed = kl.explicit_network(modulus, signs=kl.PUBLISHED_SIGNS)
            halves = kl.explicit_network(modulus - 1 + modulus % 2, half=True)
            rows.append(
                [
                    np.abs(_outputs(*weights) - exact).max(),
                    np.abs(_outputs(*printed) - exact).max(),
                    max(np.abs(part).max() for part in kl.explicit_network(modulus)),
                    _smallest_margin(*weights) / (4 * modulus),
                    _smallest_margin(*halves) / (2 * len(halves[0])),
                ]
            )
        names = ("error", "printed", "largest", "margin", "half")
        return dict(zip(names, np.array(rows).T, strict=True))

    measured = bench.cached("outputs", evaluate)
    control = Axis("modulus p", moduli)
    ones = np.ones(len(moduli))
    return (
        Evidence(
            quantity=r"largest error of any output, target $4p\,1[a+b=c]$",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(0 * ones, 1e-9, label="exact"),
            measurement=Exact(measured["error"], 1e-12),
            rivals=(
                Prediction(
                    measured["printed"],
                    label="with the printed signs",
                    source="[mohamadi2024kernel, App. F]",
                ),
            ),
        ),
        Evidence(
            quantity="largest weight",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(
                ones, 1e-9, label="one", source="[mohamadi2024kernel, Prop. 3.8]"
            ),
            measurement=Exact(measured["largest"], 1e-12),
        ),
        Evidence(
            quantity="smallest margin over $4p$, two copies of the network",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(ones, 1e-9, label="$4p$"),
            measurement=Exact(measured["margin"], 1e-12),
            rivals=(Prediction(ones / 2, label="$2p$, as half of the frequencies"),),
        ),
        Evidence(
            quantity="smallest margin over $2p$, half of the frequencies",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(ones, 1e-9, label="$2p$", source="derived"),
            measurement=Exact(measured["half"], 1e-12),
            rivals=(Prediction(2 * ones, label="$4p$, as all frequencies"),),
        ),
    )


def _outputs(
    first: np.ndarray, second: np.ndarray, readout: np.ndarray
) -> Float[np.ndarray, "pairs modulus"]:
    """Outputs of the simulated network for all pairs, in double precision."""
    import jax
    import jax.numpy as jnp

    modulus = len(first)
    pairs = np.stack(np.divmod(np.arange(modulus**2, dtype=np.int32), modulus), axis=1)
    with jax.enable_x64(True):
        net = sim.models.TwoLayerNet(jnp.asarray(np.stack([first, second])), jnp.asarray(readout))
        return np.asarray(net.batched(jnp.asarray(pairs)))


def _smallest_margin(first: np.ndarray, second: np.ndarray, readout: np.ndarray) -> float:
    modulus = len(first)
    a, b = np.divmod(np.arange(modulus**2), modulus)
    is_right = np.eye(modulus, dtype=bool)[(a + b) % modulus]
    outputs = _outputs(first, second, readout)
    wrong = np.where(is_right, -np.inf, outputs).max(axis=1)
    return float((outputs[is_right] - wrong).min())
