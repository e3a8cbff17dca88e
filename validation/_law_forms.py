"""Laws that can be fitted by name, each linear in its logarithm, and laws given as functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float


@dataclasses.dataclass(frozen=True, eq=False)
class Law:
    r"""A law $y = f_\theta(x)$ and the parameters it is fitted in.

    A named law reads $\ln y = o(x) + \ln A + \sum_i \theta_i c_i(x)$; in log space it is fitted in
    $(\ln A, \theta)$, which makes the problem linear. A law given as a function has no `columns`
    and is fitted in its own parameters, from `start`.
    """

    name: str
    formula: str
    names: tuple[str, ...]
    function: Callable[..., np.ndarray]
    offset: Callable[[np.ndarray], np.ndarray] = np.zeros_like
    columns: tuple[Callable[[np.ndarray], np.ndarray], ...] | None = None
    start: tuple[float, ...] = ()
    smallest_x: float = -np.inf

    def check(self, x: Float[np.ndarray, " points"]) -> None:
        """Refuse control values at which the law or its logarithm does not exist."""
        if np.any(x <= self.smallest_x):
            raise ValueError(f"{self.name!r} needs x > {self.smallest_x:g}, got x = {x.min():g}")

    def design(self, x: Float[np.ndarray, " points"]) -> Float[np.ndarray, "points parameters"]:
        """Columns that multiply `ln A` and the other parameters in `ln y`."""
        assert self.columns is not None
        return np.stack([np.ones_like(x), *(column(x) for column in self.columns)], axis=1)

    def is_linear_in(self, space: str) -> bool:
        """Whether the fit in this space is a linear problem."""
        return self.columns is not None and space == "log"

    def in_space(self, x: np.ndarray, values: np.ndarray, space: str) -> np.ndarray:
        """Evaluate `ln y` or `y` at the fitted (internal) values."""
        if self.is_linear_in(space):
            return self.offset(x) + self.design(x) @ values
        y = np.asarray(self.function(x, *values), dtype=np.float64) * np.ones_like(x)
        if space == "linear":
            return y
        # a trial step may leave the domain of the logarithm: a large residual turns it back
        return np.log(np.maximum(y, np.finfo(float).tiny))

    def to_parameters(
        self, values: np.ndarray, errors: np.ndarray, space: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Turn `ln A` and its error into `A` and, to first order, its error."""
        if not self.is_linear_in(space):
            return values, errors
        amplitude = np.exp(values[0])
        return (
            np.concatenate([[amplitude], values[1:]]),
            np.concatenate([[amplitude * errors[0]], errors[1:]]),
        )


def custom_law(function: Callable[..., np.ndarray], start: Mapping[str, float] | None) -> Law:
    """Wrap a function `f(x, *parameters)`; `start` names its parameters in order."""
    name = getattr(function, "__name__", "custom")
    if not start:
        raise ValueError(
            f"a law given as a function needs start={{parameter: value}}, got {start!r} for {name}"
        )
    return Law(
        name=name,
        formula="",
        names=tuple(start),
        function=function,
        start=tuple(float(value) for value in start.values()),
    )


LAWS = {
    law.name: law
    for law in (
        Law(
            name="power",
            formula=r"A x^{a}",
            names=("amplitude", "exponent"),
            function=lambda x, amplitude, exponent: amplitude * x**exponent,
            columns=(np.log,),
            smallest_x=0.0,
        ),
        Law(
            name="log-over-x",
            formula=r"A \ln(x) / x",
            names=("amplitude",),
            function=lambda x, amplitude: amplitude * np.log(x) / x,
            offset=lambda x: np.log(np.log(x) / x),
            columns=(),
            smallest_x=1.0,
        ),
        Law(
            name="x-log-x",
            formula=r"A x \ln x",
            names=("amplitude",),
            function=lambda x, amplitude: amplitude * x * np.log(x),
            offset=lambda x: np.log(x * np.log(x)),
            columns=(),
            smallest_x=1.0,
        ),
        Law(
            name="exponential",
            formula=r"A e^{b x}",
            names=("amplitude", "rate"),
            function=lambda x, amplitude, rate: amplitude * np.exp(rate * x),
            columns=(np.array,),
        ),
        Law(
            name="constant",
            formula=r"A",
            names=("amplitude",),
            function=lambda x, amplitude: amplitude * np.ones_like(x),
            columns=(),
        ),
    )
}
