r"""Predictions: closed forms, energies, ordinary differential equations, bounds and scaling laws.

Everything here is float64 (complex128 for group representations), takes plain arrays, and knows
nothing about training: a prediction that shares code with the measurement proves nothing.

- :mod:`groktheory.theory.irreps` -- the irreducible representations of any finite group, computed
  from its Cayley table alone.
- :mod:`groktheory.theory.li2` -- stages and energy landscape of two-layer networks that learn a
  group multiplication [tian2025li2].
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
