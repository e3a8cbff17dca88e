r"""What a claim hands to the judge: a prediction with its tolerance, a measurement with its error.

A prediction is a *region* around a value at each control point,

$$ [\,v - \delta_-,\; v + \delta_+\,], $$

fixed by the theory before the run; $\delta = \infty$ on one side states a bound. A measurement is
anything that can give a confidence interval for the same quantity: exact numbers, samples over
seeds, event counts, or fitted estimates with standard errors.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from .measurements import Counts, Estimate, Exact, Measurement, Samples, as_points, set_fields

__all__ = [
    "Axis",
    "Counts",
    "Estimate",
    "Evidence",
    "Exact",
    "Form",
    "Measurement",
    "Panel",
    "Prediction",
    "Samples",
    "Series",
]


class Form(StrEnum):
    """What kind of statement a claim makes; decides how its evidence is drawn and worded."""

    IDENTITY = "identity"  # exact or computed numbers that must coincide
    CURVE = "curve"  # a function of a control parameter
    LAW = "fitted law"  # an exponent or constant fitted to data
    ORDERING = "ordering"  # a sign, a bound, a monotone trend
    THRESHOLD = "threshold"  # a critical value of a control parameter
    EVENT_RATE = "event rate"  # a probability, from counted events


@dataclasses.dataclass(frozen=True, eq=False)
class Axis:
    """A control parameter: its name, its values (numbers or labels), its unit and its scale.

    Raises
    ------
    ValueError
        For a scale other than `linear` or `log`, or for values a log scale cannot show.
    """

    name: str
    values: tuple[float, ...] | tuple[str, ...]
    unit: str
    scale: str

    def __init__(
        self,
        name: str,
        values: Sequence[float] | Sequence[str] | np.ndarray,
        unit: str = "",
        scale: str = "linear",
    ):
        points = np.atleast_1d(np.asarray(values))
        if scale not in ("linear", "log"):
            raise ValueError(f"scale must be 'linear' or 'log', got {scale!r}")
        if points.ndim != 1 or points.dtype.kind not in "iufU":
            raise ValueError(f"axis values must be numbers or names, one a point, got {values}")
        if scale == "log" and (points.dtype.kind == "U" or np.any(points <= 0)):
            raise ValueError(f"a log axis needs positive numbers, got {name} = {values}")
        set_fields(self, name=name, values=tuple(points.tolist()), unit=unit, scale=scale)

    @property
    def label(self) -> str:
        """Name and unit, as a figure shows them."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """The value a theory predicts at each control point, and how far off it allows itself to be.

    Parameters
    ----------
    value
        Scalar or one number per control point.
    tolerance
        Half-width of the accepted region, in the unit of `value`: one number, one per point, or a
        pair `(below, above)` of these; `math.inf` leaves a side open. `None` (for a rival) takes
        the tolerance of the theory it competes with.
    label, source
        The name shown to people, and the equation it stands on, e.g. `[liu2022effective, Eq. 7]`.

    Raises
    ------
    ValueError
        If a tolerance is negative or NaN, or a value is not finite.
    """

    value: np.ndarray
    tolerance: tuple[np.ndarray, np.ndarray] | None
    label: str
    source: str

    def __init__(
        self,
        value: ArrayLike,
        tolerance: ArrayLike | tuple[ArrayLike, ArrayLike] | None = None,
        *,
        label: str = "theory",
        source: str = "",
    ):
        points = as_points(value, "value")
        if not np.all(np.isfinite(points)):
            raise ValueError(f"the predicted value must be finite, got {value}")
        pair = None
        if tolerance is not None:
            sides = tolerance if isinstance(tolerance, tuple) else (tolerance, tolerance)
            below, above = (
                np.broadcast_to(as_points(side, "tolerance"), points.shape) for side in sides
            )
            if np.any(~(below >= 0)) or np.any(~(above >= 0)):
                raise ValueError(f"tolerance must be >= 0, got {tolerance}")
            pair = (below, above)
        set_fields(self, value=points, tolerance=pair, label=label, source=source)

    @classmethod
    def at_least(cls, bound: ArrayLike, *, label: str = "theory", source: str = "") -> Prediction:
        """Predict that the quantity lies at or above `bound`."""
        return cls(bound, (0.0, math.inf), label=label, source=source)

    @classmethod
    def at_most(cls, bound: ArrayLike, *, label: str = "theory", source: str = "") -> Prediction:
        """Predict that the quantity lies at or below `bound`."""
        return cls(bound, (math.inf, 0.0), label=label, source=source)

    @property
    def is_bound(self) -> bool:
        """Whether a side of the accepted region is open everywhere."""
        return self.tolerance is not None and any(
            bool(np.all(np.isinf(side))) for side in self.tolerance
        )

    @property
    def region(self) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        """Lower and upper end of the accepted region.

        Raises
        ------
        ValueError
            If the prediction has no tolerance of its own.
        """
        if self.tolerance is None:
            raise ValueError(f"{self.label!r} has no tolerance: state one before the run")
        below, above = self.tolerance
        return self.value - below, self.value + above


@dataclasses.dataclass(frozen=True, eq=False)
class Series:
    """Raw data behind an estimate, for the eye: `style` is `line`, `dashed` or `points`."""

    label: str
    x: Float[np.ndarray, " points"]
    y: Float[np.ndarray, " points"]
    error: Float[np.ndarray, " points"] | None
    style: str

    def __init__(
        self,
        label: str,
        x: ArrayLike,
        y: ArrayLike,
        error: ArrayLike | None = None,
        style: str = "points",
    ):
        if style not in ("line", "dashed", "points"):
            raise ValueError(f"style must be 'line', 'dashed' or 'points', got {style!r}")
        abscissae, ordinates = as_points(x, "x"), as_points(y, "y")
        if len(abscissae) != len(ordinates):
            raise ValueError(
                f"series {label!r} has {len(abscissae)} x and {len(ordinates)} y values"
            )
        bars = None
        if error is not None:
            bars = np.broadcast_to(as_points(error, "error"), ordinates.shape)
        set_fields(self, label=label, x=abscissae, y=ordinates, error=bars, style=style)


@dataclasses.dataclass(frozen=True, eq=False)
class Panel:
    """A plot of raw data beside the judged quantity: axis labels with units, scales, series."""

    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_scale: str = "linear"
    y_scale: str = "linear"


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """One prediction held against one measurement and against its rivals.

    Parameters
    ----------
    quantity
        What is predicted and measured, in words (mathtext allowed): it labels the figure.
    form
        The kind of statement.
    prediction, measurement
        Over the same control points.
    rivals
        What the data must reject before the theory counts as supported.
    control
        The control parameter; may be left out for a single number.
    unit, note, panel
        Unit of the quantity, a remark for the report (censoring, say), raw data to draw beside it.

    Raises
    ------
    ValueError
        If the numbers of points disagree, the theory states no tolerance, or a rival allows
        everything the theory allows, so that no data could tell them apart.
    """

    quantity: str
    form: Form
    prediction: Prediction
    measurement: Measurement
    rivals: tuple[Prediction, ...] = ()
    control: Axis | None = None
    unit: str = ""
    note: str = ""
    panel: Panel | None = None

    def __post_init__(self) -> None:
        lower, upper = self.prediction.region
        points = len(self.measurement.value)
        if self.form is Form.EVENT_RATE and not isinstance(self.measurement, Counts):
            raise ValueError("an event rate is judged on Counts, not on averaged rates")
        if self.control is not None and len(self.control.values) != points:
            raise ValueError(
                f"{len(self.control.values)} control values for {points} measured points "
                f"of {self.quantity!r}"
            )
        for prediction in (self.prediction, *self.rivals):
            if len(prediction.value) not in (1, points):
                raise ValueError(
                    f"{prediction.label!r} predicts {len(prediction.value)} points, "
                    f"measured are {points} of {self.quantity!r}"
                )
        for rival in self.rivals_with_tolerance():
            rival_lower, rival_upper = rival.region
            covered: Bool[np.ndarray, " points"] = (rival_lower <= lower) & (rival_upper >= upper)
            if np.all(covered):
                raise ValueError(
                    f"rival {rival.label!r} allows everything that {self.prediction.label!r} "
                    "allows: no data could reject it"
                )

    def rivals_with_tolerance(self) -> tuple[Prediction, ...]:
        """Return the rivals; one without a tolerance of its own is granted the theory's."""
        assert self.prediction.tolerance is not None
        granted = []
        for rival in self.rivals:
            tolerance = rival.tolerance
            if tolerance is None:
                below, above = self.prediction.tolerance
                shape = np.broadcast_shapes(rival.value.shape, below.shape)
                tolerance = (np.broadcast_to(below, shape), np.broadcast_to(above, shape))
                rival = Prediction(
                    np.broadcast_to(rival.value, shape),
                    tolerance,
                    label=rival.label,
                    source=rival.source,
                )
            granted.append(rival)
        return tuple(granted)
