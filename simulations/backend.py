"""Is this JAX backend to be trusted? A self-check against NumPy, and the machine in words.

Some jaxlib releases return silently wrong numbers on CPU for a jitted, vmapped matrix-vector
product that is reduced over a short output axis (jax issue 39103). The package switches the
faulty kernels off at import; this check makes sure that it worked, and guards against the next
such release.
"""

from __future__ import annotations

import functools
from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np

_CASES = ((40_000, 2, 3), (20_000, 3, 3), (40_000, 5, 3))
_RELATIVE_TOLERANCE = {"float32": 1e-4, "float64": 1e-10}


@functools.cache
def self_check() -> None:
    """Compare three small programs in two precisions with NumPy, once per process.

    Raises
    ------
    RuntimeError
        If a result is off: the numbers of this backend cannot be trusted.
    """
    random = np.random.default_rng(0)
    for dtype, tolerance in _RELATIVE_TOLERANCE.items():
        for batch, outputs, inputs in _CASES:
            weight = random.normal(size=(outputs, inputs)).astype(dtype)
            points = random.normal(size=(batch, inputs)).astype(dtype)
            with jax.enable_x64(dtype == "float64"):
                measured = np.asarray(_reduced_products(weight, points))
            expected = np.sum((points @ weight.T) ** 2, axis=1)
            error = np.max(np.abs(measured - expected) / (1 + np.abs(expected)))
            if not error < tolerance:
                raise RuntimeError(
                    f"jaxlib {version('jaxlib')} computes wrong numbers on this backend "
                    f"({jax.default_backend()}, {dtype}, batch {batch}, error {error:.1g})."
                    " Unset XLA_FLAGS, import groktheory before the first JAX computation, "
                    "or install jax 0.8.3"
                )


@jax.jit
def _reduced_products(weight: jax.Array, points: jax.Array) -> jax.Array:
    return jax.vmap(lambda point: jnp.sum((weight @ point) ** 2))(points)


def describe() -> dict[str, str]:
    """Return versions and devices, for provenance."""
    return {
        "jax": jax.__version__,
        "jaxlib": version("jaxlib"),
        "backend": jax.default_backend(),
        "devices": ", ".join(device.device_kind for device in jax.devices()),
    }
