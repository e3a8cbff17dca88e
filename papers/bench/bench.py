"""The bench: everything that a claim may use, and nothing that changes its result unnoticed."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .cache import NUMBERS, RUN, Cache
from .preparation import prepare_jax

if TYPE_CHECKING:
    import jax
    import numpy as np
    import xarray

SCALES = ("quick", "full")
_T = TypeVar("_T")


class Cancelled(Exception):
    """The check was interrupted; what is finished has been kept."""


@dataclasses.dataclass(frozen=True)
class Control:
    """The line between a running claim and whoever waits for it, within one process."""

    on_progress: Callable[[float, str], None] = lambda fraction, text: None
    stop: threading.Event = dataclasses.field(default_factory=threading.Event)


class Bench:
    """Scale, randomness, cache, progress and training engine of one claim.

    Parameters
    ----------
    paper, claim
        Citation key and name of the claim or figure.
    scale
        `quick` (seconds on two cores) or `full` (as in the paper).
    seed
        All randomness of the claim grows from it; in [0, 2^32).
    workers
        Cores that this claim may use.
    cache
        Where runs and numbers are kept.
    version
        Hash of the code that the claim's numbers depend on.
    options
        Options of a figure that differ from their defaults.

    Raises
    ------
    ValueError
        For an unknown scale or a seed out of range.
    """

    def __init__(
        self,
        paper: str,
        claim: str,
        *,
        scale: str = "quick",
        seed: int = 0,
        workers: int = 1,
        cache: Cache | None = None,
        version: str = "",
        options: Mapping[str, Any] | None = None,
        control: Control | None = None,
    ):
        if scale not in SCALES:
            raise ValueError(f"scale must be 'quick' or 'full', got {scale!r}")
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed must lie in [0, 2^32), got {seed}")
        self.paper = paper
        self.claim = claim
        self.scale = scale
        self.seed = seed
        self.workers = workers
        self._cache = cache or Cache(None)
        self._version = version
        self._options = dict(options or {})
        self._control = control or Control()

    def pick(self, *, quick: _T, full: _T) -> _T:
        """Return the setting for the scale of this check."""
        return quick if self.scale == "quick" else full

    @property
    def key(self) -> jax.Array:
        """Random key of this claim: the same at every scale, another for every claim."""
        return self.key_for(self.claim)

    def key_for(self, name: str) -> jax.Array:
        """Random key of a named purpose, shared by the claims of the paper that use the name."""
        prepare_jax(self._cache.folder)
        import jax

        digest = hashlib.sha256(f"{self.paper}/{name}".encode()).digest()
        return jax.random.fold_in(jax.random.key(self.seed), int.from_bytes(digest[:4], "big"))

    def generator(self, name: str) -> np.random.Generator:
        """NumPy generator of a named purpose; grows from :meth:`key_for`."""
        key = self.key_for(name)
        import jax
        import numpy as np

        return np.random.default_rng(np.asarray(jax.random.key_data(key)))

    def train(self, name: str, **settings: Any) -> xarray.Dataset:
        """Train networks with `simulations.train`, or return the same runs from the cache.

        Parameters
        ----------
        name
            Name of the run. Claims of a paper that name the same run with the same settings share
            it; a run that was interrupted goes on where it stopped.
        settings
            Arguments of `groktheory.simulations.train`, apart from those the bench provides:
            `key` (derived from `name`), `workers`, `checkpoint`, `progress` and `cancelled`.

        Returns
        -------
        The recorded measures, with named dimensions.

        Raises
        ------
        Cancelled
            If the check was interrupted.
        """
        return self._run("train", name, settings)

    def phase_diagram(self, name: str, **settings: Any) -> xarray.Dataset:
        """Draw a phase diagram with `simulations.phase_diagram`, or return it from the cache.

        Parameters
        ----------
        name
            Name of the diagram, as for :meth:`train`.
        settings
            Arguments of `groktheory.simulations.phase_diagram`, apart from those the bench
            provides.

        Raises
        ------
        Cancelled
            If the check was interrupted.
        """
        return self._run("phase_diagram", name, settings)

    def _run(self, function: str, name: str, settings: dict[str, Any]) -> xarray.Dataset:
        specification = self._specify("run", name, settings)

        def compute() -> xarray.Dataset:
            prepare_jax(self._cache.folder)
            from groktheory import simulations

            arguments: dict[str, Any] = {"key": self.key_for(name)} | settings
            return getattr(simulations, function)(
                **arguments,
                workers=self.workers,
                checkpoint=self._cache.checkpoint(specification),
                progress=lambda fraction: self._control.on_progress(fraction, name),
                cancelled=self._control.stop.is_set,
            )

        return self._cache.get(RUN, specification, compute, while_waiting=self._stop_if_asked)

    def cached(self, name: str, function: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
        """Return the arrays that `function` computes, from the cache if they are there.

        Claims share a result if they use the same name and the same function; its randomness
        should then come from `key_for(name)`.

        Raises
        ------
        TypeError
            If the function does not return a dictionary of arrays of numbers or strings.
        Cancelled
            If the check was interrupted.
        """
        self._stop_if_asked()
        specification = self._specify("numbers", name, function)
        return self._cache.get(NUMBERS, specification, function, while_waiting=self._stop_if_asked)

    def progress(self, fraction: float, text: str = "") -> None:
        """Report how far a long computation is, and stop here if the check was interrupted.

        Raises
        ------
        Cancelled
            If the check was interrupted.
        """
        self._stop_if_asked()
        self._control.on_progress(min(max(float(fraction), 0.0), 1.0), text)

    def _stop_if_asked(self) -> None:
        if self._control.stop.is_set():
            raise Cancelled(f"{self.paper}/{self.claim} was interrupted")

    def _specify(self, kind: str, name: str, settings: Any) -> dict[str, Any]:
        return {
            "kind": kind,
            "paper": self.paper,
            "name": name,
            "scale": self.scale,
            "seed": self.seed,
            "version": self._version,
            "options": _fingerprint(self._options),
            "settings": _fingerprint(settings),
        }


def _fingerprint(value: Any, depth: int = 0) -> Any:
    """Describe settings by what JSON can hold, the same in every process.

    Numbers and arrays count by value; functions count by name and by what they enclose (a learning
    rate inside an optimizer, say), while their code is in the code version. So two claims that
    give one name to different runs do not get each other's results.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value.hex()
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if depth > 12:  # an object that contains itself
        return kind

    def inner(item: Any) -> Any:
        return _fingerprint(item, depth + 1)

    if isinstance(value, Mapping):
        return {str(key): inner(item) for key, item in value.items()}
    if isinstance(value, functools.partial):
        return [inner(value.func), inner(value.args), inner(value.keywords)]
    if isinstance(value, list | tuple):
        return [kind, *(inner(item) for item in value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return [kind, {name: inner(getattr(value, name, None)) for name in names}]
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _fingerprint_array(value)
    if callable(value) and hasattr(value, "__qualname__"):
        cells = getattr(value, "__closure__", None) or ()
        return [f"{value.__module__}.{value.__qualname__}", *(inner(_content(c)) for c in cells)]
    return kind


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a variable that is not bound yet
        return None


def _fingerprint_array(array: Any) -> list[Any]:
    import numpy as np

    if str(array.dtype).startswith("key<"):
        import jax

        array = jax.random.key_data(array)
    array = np.asarray(array)
    content = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return ["array", str(array.dtype), list(array.shape), content]
