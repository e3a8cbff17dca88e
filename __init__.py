"""The bench on which theories of grokking (delayed generalization) are tested.

A *theory* predicts, a *simulation* measures, a *claim* holds the two together and gives a verdict:

- :mod:`groktheory.theory` -- closed forms, energies, bounds; float64, knows nothing of training.
- :mod:`groktheory.simulations` -- tasks, networks, the compiled training engine, measures.
- :mod:`groktheory.validation` -- evidence, the judge, scaling-law fits, figures, reports.
- :mod:`groktheory.papers` -- one module a paper: where a prediction meets a measurement.
"""

import os
from importlib.metadata import version

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["papers", "simulations", "theory", "validation"]
)


def _keep_cpu_reductions_correct() -> None:
    """Switch off the CPU reductions that jaxlib 0.9 and 0.10 miscompile (jax issue 39103).

    Must run before the first JAX computation; reads only package metadata. The flag is unknown to
    other versions, which abort on it. ``groktheory.simulations.backend`` checks that it worked.
    """
    major, minor = (int(part) for part in version("jaxlib").split(".")[:2])
    flags = os.environ.get("XLA_FLAGS", "")
    if (0, 9) <= (major, minor) < (0, 11) and "xla_cpu_experimental_ynn_fusion_type" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_experimental_ynn_fusion_type=-reduce".strip()


_keep_cpu_reductions_correct()
