r"""How much a kernel has changed, and how well it is aligned with what is to be learned.

The laziness of training shows in the tangent kernel $K_t$ along a run: its distance and its
alignment to $K_0$, and its alignment with the targets,

$$ \frac{\lVert K_t - K_0 \rVert_F}{\lVert K_0 \rVert_F}, \qquad
   \frac{\langle K_t, K_0 \rangle_F}{\lVert K_t \rVert_F \lVert K_0 \rVert_F}, \qquad
   \frac{y^T K_t\, y}{\lVert K_t \rVert_F \lVert y \rVert^2} . $$

A kernel that only grows has moved far and is still aligned: both numbers are needed.
[kumar2023lazy, Sec. 5] [mohamadi2024kernel, Fig. 1]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from ..tasks.task import Batch, Task
from .features import cosine_similarity
from .tangent_kernels import GIBIBYTE, tangent_kernel


def kernel_distance(
    kernel: Float[Array | np.ndarray, "*shape"], reference: Float[Array | np.ndarray, "*shape"]
) -> Float[Array, ""]:
    r"""Return the relative change $\lVert K - K_0 \rVert_F / \lVert K_0 \rVert_F$.

    Of kernels of any one shape; infinite for a reference of zero.
    """
    kernel, reference = _same_shape(kernel, reference)
    return jnp.linalg.norm((kernel - reference).ravel()) / jnp.linalg.norm(reference.ravel())


def kernel_alignment(
    kernel: Float[Array | np.ndarray, "rows columns *outputs"],
    reference: Float[Array | np.ndarray, "rows columns *outputs"],
    *,
    centered: bool = False,
) -> Float[Array, ""]:
    r"""Return the cosine $\langle K, K_0 \rangle_F / (\lVert K \rVert_F \lVert K_0 \rVert_F)$.

    Parameters
    ----------
    kernel, reference
        $K$ and $K_0$, of one shape.
    centered
        Whether to subtract the mean over rows and over columns of both before: the centered kernel
        alignment, which does not see a constant that is added to a kernel.
    """
    kernel, reference = _same_shape(kernel, reference)
    if centered:
        kernel, reference = _without_means(kernel), _without_means(reference)
    return cosine_similarity(kernel, reference)


def target_alignment(
    kernel: Float[Array | np.ndarray, "rows rows ..."],
    targets: Float[Array | np.ndarray, " rows ..."],
    *,
    centered: bool = False,
) -> Float[Array, ""]:
    r"""Return the cosine between a Gram matrix and that of the targets.

    $$ \frac{y^T K y}{\lVert K \rVert_F \lVert y \rVert^2}; \qquad
       \frac{\operatorname{Tr} Y^T K Y}{\lVert K \rVert_F \lVert Y Y^T \rVert_F}
       \quad\text{for several outputs.} $$

    Parameters
    ----------
    kernel
        Between samples, `[n, n]`; or between all pairs of samples and outputs, `[n, n, k, k]`, and
        then $y$ is the vector of all $n k$ targets.
    targets
        $y$, `[n]`, or $Y$, `[n, k]`, such as one-hot labels.
    centered
        Whether to subtract the means over samples, of the kernel and of the targets, before.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    [kumar2023lazy, Sec. 5]
    """
    kernel, targets = jnp.asarray(kernel), jnp.asarray(targets)
    columns = targets[:, None] if targets.ndim == 1 else targets
    pairs = (*columns.shape[:1] * 2, *columns.shape[1:] * 2)
    if columns.ndim != 2 or kernel.shape not in (pairs[:2], pairs):
        raise ValueError(
            f"kernel must have shape [n, n] or [n, n, k, k] for targets of shape [n] or [n, k], "
            f"got {kernel.shape} and {targets.shape}"
        )
    if centered:
        kernel, columns = _without_means(kernel), columns - columns.mean(axis=0, keepdims=True)
    if kernel.ndim == 2:
        return cosine_similarity(kernel, columns @ columns.T)
    return cosine_similarity(kernel, jnp.einsum("ia,jb->ijab", columns, columns))


def _same_shape(kernel: Any, reference: Any) -> tuple[Array, Array]:
    if np.shape(kernel) != np.shape(reference):
        raise ValueError(
            f"kernels must have one shape, got {np.shape(kernel)} and {np.shape(reference)}"
        )
    return jnp.asarray(kernel), jnp.asarray(reference)


def _without_means(kernel: Array) -> Array:
    kernel = kernel - kernel.mean(axis=0, keepdims=True)
    return kernel - kernel.mean(axis=1, keepdims=True)


def kernel_measures(
    probe: int | Callable[[Task], Batch] = 64,
    *,
    outputs: str | int = "trace",
    apply: Callable[[Any, Array], Array] | None = None,
    memory_limit: float = GIBIBYTE,
) -> dict[str, Callable[[Any, Task], Array]]:
    """Return measures of the tangent kernel on a few samples, to be recorded along a run.

    `kernel` is the kernel itself, from which :func:`kernel_history` makes its change since the
    start of the run, and `target_alignment` is its alignment with the targets.

    Parameters
    ----------
    probe
        How many test samples (the last ones of the task) the kernel is between; or a function
        that takes other samples from the task, whose rows of weight zero then count as zero.
    outputs
        `"trace"`, `"full"` or the number of one output, as in :func:`.tangent_kernel`.
    apply, memory_limit
        As in :func:`.tangent_kernel`.

    Raises
    ------
    ValueError
        For other `outputs`, or a probe of no samples.
    """
    if outputs not in ("trace", "full") and not isinstance(outputs, int):
        raise ValueError(f"outputs must be 'trace', 'full' or a number, got {outputs!r}")

    if isinstance(probe, int) and probe < 1:
        raise ValueError(f"probe must be at least 1 sample, got {probe}")

    def batch_of(task: Task) -> Batch:
        if callable(probe):
            return probe(task)
        num_samples = probe
        return jax.tree.map(lambda leaf: leaf[-num_samples:], task.test())

    def kernel(model: Any, task: Task) -> Array:
        batch = batch_of(task)
        gram = tangent_kernel(
            model, batch.inputs, outputs=outputs, apply=apply, memory_limit=memory_limit
        )
        weights = batch.weights.astype(gram.dtype)
        pairs = weights[:, None] * weights[None]
        return gram * pairs.reshape(*pairs.shape, *[1] * (gram.ndim - 2))

    def alignment(model: Any, task: Task) -> Array:
        batch = batch_of(task)
        targets = batch.targets
        if jnp.issubdtype(targets.dtype, jnp.integer) and task.num_classes is not None:
            targets = jax.nn.one_hot(targets, task.num_classes)
        gram = kernel(model, task)
        targets = targets.reshape(len(targets), -1).astype(gram.dtype)
        if isinstance(outputs, int):
            targets = targets[:, outputs : outputs + 1]
        return target_alignment(gram, targets * batch.weights.astype(gram.dtype)[:, None])

    return {"kernel": kernel, "target_alignment": alignment}


def kernel_history(runs: xr.Dataset, *, kernel: str = "kernel") -> xr.Dataset:
    """Return how far a recorded kernel has come from that at the first recorded step.

    Parameters
    ----------
    runs
        Runs with a kernel among their records, see :func:`kernel_measures`.
    kernel
        Its name.

    Returns
    -------
    xarray.Dataset
        `kernel_distance` and `kernel_alignment`, as the functions of these names define them, over
        the dimensions of the runs and `step`; NaN where a run was over.

    Raises
    ------
    ValueError
        If there is no such record.
    """
    if kernel not in runs or "step" not in runs[kernel].dims:
        raise ValueError(
            f"runs have no record {kernel!r} along their steps: "
            f"pass measures=kernel_measures(...) to train"
        )
    recorded = runs[kernel].astype(float)
    initial = recorded.isel(step=0, drop=True)
    axes = recorded.dims[recorded.dims.index("step") + 1 :]

    def norm(values: xr.DataArray) -> xr.DataArray:
        return (values**2).sum(axes, skipna=False) ** 0.5

    inner = (recorded * initial).sum(axes, skipna=False)
    return xr.Dataset(
        {
            "kernel_distance": norm(recorded - initial) / norm(initial),
            "kernel_alignment": inner / (norm(recorded) * norm(initial)),
        }
    )
