r"""Predictions: closed forms, energies, ordinary differential equations, bounds and scaling laws.

Everything here is float64 (complex128 for group representations), takes plain arrays, and knows
nothing about training: a prediction that shares code with the measurement proves nothing.

- :mod:`groktheory.theory.derivation` -- what a proof is here: printable steps, a symbolic check.
- :mod:`groktheory.theory.irreps` -- the irreducible representations of any finite group, computed
  from its Cayley table alone.
- :mod:`groktheory.theory.kernels` -- kernel regression, its dynamics and its learning curve.
- :mod:`groktheory.theory.lazy_rich` -- committee machines between lazy and rich training
  [kumar2023lazy].
- :mod:`groktheory.theory.implicit_bias` -- early and late biases, and the clocks between them
  [lyu2023dichotomy, notsawo2025norm].
- :mod:`groktheory.theory.kernel_limits` -- what no kernel method can learn about modular addition
  [mohamadi2024kernel].
- :mod:`groktheory.theory.langevin` -- free energies, rates of escape and Arrhenius plots of any
  loss landscape [kozyrev2024langevin].
- :mod:`groktheory.theory.li2` -- stages and energy landscape of two-layer networks that learn a
  group multiplication [tian2025li2].
- :mod:`groktheory.theory.linear_estimators` -- linear regression that groks, solved exactly
  [levi2023linear; miller2023beyond].
- :mod:`groktheory.theory.norm_landscape` -- losses reduced to the norm of the weights, and the
  decay that moves it [liu2022omnigrok].
- :mod:`groktheory.theory.representation` -- embeddings that take the structure of the task
  [liu2022effective].
- :mod:`groktheory.theory.singular` -- learning coefficients, exact ones by resolution of
  singularities, and free energies [lakkapragada2025slt].
- :mod:`groktheory.theory.gaussian_processes` -- data fit and complexity of Gaussian processes, and
  the clocks of their hyper-parameters [miller2023beyond].
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
