r"""Scaling laws fitted with uncertainties, and compared.

A law $y = f_\theta(x)$ is fitted by least squares to $\ln y$ (or to $y$). Where the errors come
from is stated with every fit:

- `y` as `[seeds, points]`: every seed is fitted by itself, and the spread of the fitted parameters
  over the $n$ seeds gives $s/\sqrt n$ and $n - 1$ degrees of freedom. Nothing is assumed about how
  the points of one seed are correlated. If the mean curve misses the law by more than that, its
  scatter about the law sets the errors.
- `y` with standard errors: weighted by them, and the parameter errors are multiplied by
  $\max(1, \sqrt{\chi^2/\nu})$.
- `y` alone: the scatter $\sqrt{\mathrm{RSS}/\nu}$ about the law, with $\nu$ = points - parameters.

So a law that does not fit is never certain of its constants, whatever the data. A number that the
data do not determine has an infinite standard error, and can never support a claim.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._law_forms import LAWS, Law, custom_law
from ._least_squares import Solution, solve
from .formatting import format_value
from .measurements import Estimate

if TYPE_CHECKING:
    from rich.table import Table

LawLike = str | Callable[..., np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """A fitted law: named parameters with standard errors, and how they were obtained.

    Parameters
    ----------
    law, formula
        Name of the law and its formula in LaTeX.
    parameters, standard_errors
        By name, e.g. `amplitude`, `exponent`; an infinite error marks what the data leave open.
    degrees_of_freedom
        For the Student quantiles of intervals.
    x, residuals
        Control values, and data minus law at each of them (mean over seeds), in `ln y` or `y`
        according to `space`.
    aicc
        Corrected Akaike information criterion; infinite with too few points to compute it.
    method
        One sentence: what was fitted and where the errors come from.
    num_seeds
        Independent repetitions behind the fit.
    """

    law: str
    formula: str
    parameters: Mapping[str, float]
    standard_errors: Mapping[str, float]
    degrees_of_freedom: float
    x: Float[np.ndarray, " points"]
    residuals: Float[np.ndarray, " points"]
    aicc: float
    method: str
    space: str
    num_seeds: int
    _function: Callable[..., np.ndarray]

    def estimate(self, name: str) -> Estimate:
        """Return one parameter as a measurement for the judge.

        Raises
        ------
        ValueError
            For a parameter the law does not have.
        """
        if name not in self.parameters:
            raise ValueError(f"parameter must be one of {', '.join(self.parameters)}, got {name!r}")
        return Estimate(
            np.array([self.parameters[name]]),
            np.array([self.standard_errors[name]]),
            degrees_of_freedom=self.degrees_of_freedom,
            samples=self.num_seeds,
        )

    def predict(self, x: ArrayLike) -> np.ndarray:
        """Evaluate the fitted law at `x`."""
        return self._function(np.asarray(x, dtype=np.float64), *self.parameters.values())

    def __str__(self) -> str:
        values = ", ".join(
            f"{name} = {format_value(value, self.standard_errors[name])}"
            for name, value in self.parameters.items()
        )
        return f"{self.law}: {values} ({self.method})"


@dataclasses.dataclass(frozen=True, eq=False)
class LawComparison:
    """Fits of several laws to the same data, the best first, with their Akaike weights."""

    fits: tuple[Fit, ...]
    delta: Float[np.ndarray, " laws"]
    weights: Float[np.ndarray, " laws"]

    @property
    def best(self) -> Fit:
        """The law of largest weight."""
        return self.fits[0]

    def __rich__(self) -> Table:
        from rich.table import Table

        table = Table(title="Laws by corrected Akaike information criterion")
        for heading in ("law", "parameters"):
            table.add_column(heading)
        for heading in ("ΔAICc", "weight"):
            table.add_column(heading, justify="right")
        for fit, delta, weight in zip(self.fits, self.delta, self.weights, strict=True):
            parameters = "\n".join(
                f"{name} = {format_value(value, fit.standard_errors[name])}"
                for name, value in fit.parameters.items()
            )
            table.add_row(fit.law, parameters, f"{delta:.1f}", f"{weight:.3f}")
        return table


def fit_law(
    x: ArrayLike,
    y: ArrayLike,
    *,
    law: LawLike = "power",
    standard_errors: ArrayLike | None = None,
    start: Mapping[str, float] | None = None,
    space: str = "log",
) -> Fit:
    r"""Fit a scaling law by least squares, with errors from seeds, error bars or scatter.

    | `law` | formula | parameters |
    |---|---|---|
    | `power` | $A x^a$ | `amplitude`, `exponent` |
    | `log-over-x` | $A \ln(x)/x$ | `amplitude` |
    | `x-log-x` | $A x \ln x$ | `amplitude` |
    | `exponential` | $A e^{b x}$ | `amplitude`, `rate` |
    | `constant` | $A$ | `amplitude` |
    | a function `f(x, *parameters)` | yours | the names in `start` |

    Parameters
    ----------
    x
        Control values, `[points]`.
    y
        `[points]`, or `[seeds, points]` with one row a seed.
    law
        A name from the table or a function.
    standard_errors
        Of `y`, `[points]` (or of the shape of `y`): sets the weights. With a single row it also
        sets the errors of the parameters; with seeds those come from the spread over seeds.
    start
        Starting values by name: needed for a function, in the order of its parameters.
    space
        `log`: residuals of $\ln y$ (relative deviations count alike). `linear`: of $y$.

    Raises
    ------
    ValueError
        For data that do not match, that a logarithm cannot take, or that are fewer than the
        parameters; for an unknown law or space; for a function without `start`.

    Examples
    --------
    >>> fit = fit_law([1.0, 2.0, 4.0], [[3.0, 1.5, 0.75], [3.3, 1.6, 0.81]])
    >>> fit.degrees_of_freedom, round(fit.parameters["exponent"], 3)
    (1, -1.007)
    """
    form = _resolve(law, start)
    data = _Data.prepare(x, y, standard_errors, space=space)
    if len(data.x) < len(form.names):
        raise ValueError(
            f"{form.name!r} has {len(form.names)} parameters ({', '.join(form.names)}), which "
            f"{len(data.x)} points cannot fix: measure more points or fit a simpler law"
        )
    form.check(data.x)
    solutions = solve(form, data.x, data.y, weights=data.weights, space=space)
    if len(data.y) > 1:
        internal, errors, degrees, errors_from = _from_seeds(form, solutions, data)
    else:
        internal, errors, degrees, errors_from = _from_one_row(solutions[0], data)
    values, errors = form.to_parameters(internal, errors, space)
    fitted = form.in_space(data.x, internal, space)
    residuals = data.transform(data.y) - fitted
    return Fit(
        law=form.name,
        formula=form.formula,
        parameters=dict(zip(form.names, values.tolist(), strict=True)),
        standard_errors=dict(zip(form.names, errors.tolist(), strict=True)),
        degrees_of_freedom=degrees,
        x=data.x,
        residuals=residuals.mean(axis=0),
        aicc=_aicc(residuals, data, len(form.names)),
        method=f"least squares in {'ln y' if space == 'log' else 'y'}; {errors_from}",
        space=space,
        num_seeds=len(data.y),
        _function=form.function,
    )


def compare_laws(
    x: ArrayLike,
    y: ArrayLike,
    *,
    laws: Sequence[LawLike] = ("power", "log-over-x", "x-log-x", "exponential", "constant"),
    standard_errors: ArrayLike | None = None,
    starts: Mapping[str, Mapping[str, float]] | None = None,
    space: str = "log",
) -> LawComparison:
    r"""Rank laws on the same data by AICc; weights are $\propto e^{-\Delta/2}$.

    `starts` gives the starting values of each function among the laws, by its `__name__`. The
    other arguments are those of `fit_law`.

    Raises
    ------
    ValueError
        For fewer than two laws, or too few points to compute any of the criteria.
    """
    if len(laws) < 2:
        raise ValueError(f"laws must name at least two laws to compare, got {list(laws)}")
    starts = starts or {}
    fits = [
        fit_law(
            x,
            y,
            law=law,
            standard_errors=standard_errors,
            start=None if isinstance(law, str) else starts.get(law.__name__),
            space=space,
        )
        for law in laws
    ]
    fits.sort(key=lambda fit: fit.aicc)
    criteria = np.array([fit.aicc for fit in fits])
    if not np.isfinite(criteria[0]):
        raise ValueError(
            f"{len(fits[0].x)} points are too few to compare these laws: each needs at least "
            "three points more than it has parameters"
        )
    delta = criteria - criteria[0]
    weights = np.exp(-delta / 2)
    return LawComparison(tuple(fits), delta, weights / weights.sum())


@dataclasses.dataclass(frozen=True, eq=False)
class _Data:
    """Checked data: `y` is `[seeds, points]`, weights are one over the standard errors."""

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    has_errors: bool
    space: str

    @classmethod
    def prepare(
        cls, x: ArrayLike, y: ArrayLike, standard_errors: ArrayLike | None, *, space: str
    ) -> _Data:
        if space not in ("log", "linear"):
            raise ValueError(f"space must be 'log' or 'linear', got {space!r}")
        x = np.asarray(x, dtype=np.float64)
        y = np.atleast_2d(np.asarray(y, dtype=np.float64))
        if x.ndim != 1 or y.ndim != 2 or y.shape[1] != len(x) or y.size == 0:
            raise ValueError(
                f"y must be [points] or [seeds, points] over x, got x {x.shape} and y {y.shape}"
            )
        if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
            raise ValueError("x and y must be finite: leave out points that were not reached")
        if space == "log" and np.any(y <= 0):
            raise ValueError(
                f"a fit in ln y needs y > 0, got {y.min():g}: leave such points out or use "
                "space='linear'"
            )
        if standard_errors is None:
            return cls(x, y, np.ones_like(y), False, space)
        errors = np.asarray(standard_errors, dtype=np.float64)
        if errors.shape not in ((len(x),), y.shape):
            raise ValueError(
                f"standard_errors must have the shape of y or [points], got {errors.shape}"
            )
        if not np.all((errors > 0) & np.isfinite(errors)):
            raise ValueError(f"standard_errors must be finite and > 0, got {errors.tolist()}")
        errors = np.broadcast_to(errors, y.shape)
        return cls(x, y, (y if space == "log" else 1.0) / errors, True, space)

    def transform(self, y: np.ndarray) -> np.ndarray:
        return np.log(y) if self.space == "log" else y


def _resolve(law: LawLike, start: Mapping[str, float] | None) -> Law:
    if callable(law):
        return custom_law(law, start)
    if law not in LAWS:
        raise ValueError(f"law must be a function or one of {', '.join(LAWS)}, got {law!r}")
    return LAWS[law]


def _from_seeds(
    law: Law, solutions: Sequence[Solution], data: _Data
) -> tuple[np.ndarray, np.ndarray, float, str]:
    fitted = np.array([solution.values for solution in solutions])
    values, seeds = fitted.mean(axis=0), len(fitted)
    errors = fitted.std(axis=0, ddof=1) / math.sqrt(seeds)
    variances = np.mean([np.diag(solution.covariance) for solution in solutions], axis=0)
    errors = np.where(np.isinf(variances), np.inf, errors)
    sentence = f"one fit a seed, errors from the spread over {seeds} seeds"
    spare = len(data.x) - len(values)
    if spare:
        targets, weights = data.transform(data.y), data.weights.mean(axis=0)
        misses = weights * (targets - law.in_space(data.x, values, data.space)).mean(axis=0)
        rounding = 1e-12 * np.abs(weights * targets).max()
        misfit = max(0.0, math.sqrt(np.sum(misses**2) / spare) - rounding)
        scatter = _scaled(variances, misfit)
        if np.any(scatter > errors):
            sentence += ", or from the misfit of the mean curve where larger"
            return values, np.maximum(errors, scatter), min(seeds - 1, spare), sentence
    return values, errors, seeds - 1, sentence


def _from_one_row(solution: Solution, data: _Data) -> tuple[np.ndarray, np.ndarray, float, str]:
    spare = len(data.x) - len(solution.values)
    variances = np.diag(solution.covariance)
    scatter = math.sqrt(solution.chi_squared / spare) if spare else math.inf
    if not data.has_errors:
        sentence = "errors from the scatter about the law" if spare else "no point to spare"
        return solution.values, _scaled(variances, scatter), max(spare, 1), sentence
    stretch = max(1.0, scatter) if spare else 1.0
    sentence = f"weighted, errors times max(1, sqrt(chi2/dof)) = {stretch:.3g}"
    # a stretched error is itself known from `spare` deviations only
    degrees_of_freedom = spare if stretch > 1.0 else math.inf
    return solution.values, _scaled(variances, stretch), degrees_of_freedom, sentence


def _scaled(variances: np.ndarray, factor: float) -> np.ndarray:
    """Standard errors; what is undetermined stays so even where the scatter vanishes."""
    determined = np.isfinite(variances)
    return np.where(determined, factor * np.sqrt(np.where(determined, variances, 1.0)), np.inf)


def _aicc(residuals: np.ndarray, data: _Data, parameters: int) -> float:
    r"""$N \ln(\mathrm{RSS}/N) + 2k + 2k(k+1)/(N-k-1)$; $k$ counts the unknown variance, too.

    With given errors $\chi^2$ replaces the first term and the variance is not counted.
    """
    count = data.y.size
    if data.has_errors:
        misfit = float(np.sum((residuals * data.weights) ** 2))
    else:
        # residuals below rounding say nothing about which law is the better one
        rounding = (np.finfo(float).eps * max(1.0, np.abs(data.transform(data.y)).max())) ** 2
        misfit = count * math.log(max(float(np.mean(residuals**2)), rounding))
        parameters += 1
    if count - parameters - 1 <= 0:
        return math.inf
    return misfit + 2 * parameters + 2 * parameters * (parameters + 1) / (count - parameters - 1)
