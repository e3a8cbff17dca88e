r"""Singular learning theory: free energies, learning coefficients, and what samplers see of them.

$$F_n = nL_n(w^*)+\lambda\ln n-(m-1)\ln\ln n+O_p(1) .$$

- Learning coefficients: of any polynomial, by resolution of singularities; of linear networks, tanh
  units, mixtures, in closed form; sums and products of them.
- Free energies of phases, and the sample size at which Bayesian learning changes the phase.
- What estimators see at a finite scale: multiplicity, localization, step size, slow spectra.
- Toy models of superposition: population loss, regular polygons, plateaus.

Papers: [lakkapragada2025slt].
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
