"""One module a paper: the only place where a prediction meets a measurement.

A paper is a set of claims; a claim brings evidence, a theory held against a measurement,

$$ \\text{theory}(x) \\in [v - \\delta_-,\\, v + \\delta_+] \\quad\\text{against}\\quad
   \\text{simulation}(x), $$

and :mod:`groktheory.validation` judges it. Every module here that defines ``paper`` is found by
itself, under its citation key: there is no list to keep. ``groktheory template`` writes a file to
start from, and :mod:`groktheory.papers.bench` holds what a claim may use.
"""

import pkgutil

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    ],
)
