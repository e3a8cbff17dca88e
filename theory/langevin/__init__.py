r"""Thermodynamics of training: Langevin dynamics on a loss landscape [kozyrev2024langevin].

Gradient descent with noise is Brownian motion in the loss $f$ at a temperature $\theta$,

$$d\xi = -\nabla f\,dt+\sqrt{2\theta}\,dW,$$

with the stationary density $e^{-f/\theta}/Z$. Wide wells win by entropy, and memorization is left
for generalization at the rate of a chemical reaction. One step of size $\eta$ takes the time
$\eta$.

Any smooth potential will do. A well, the pass next to it and the rate between them:

>>> import jax.numpy as jnp
>>> from groktheory.theory.langevin import *
>>> def potential(x):
...     return (x[0] ** 2 - 1) ** 2 + (x[1] - jnp.sin(x[0])) ** 2
>>> points = stationary_points(potential, bounds=[(-2, 2), (-2, 2)])
>>> passes = transitions(potential, points)
>>> round(eyring_kramers_rate(passes[0].first, passes[0].saddle, temperature=0.2), 5)
0.00429

:func:`groktheory.papers.arrhenius.draw` draws the Arrhenius plot of such a potential, with
simulated escapes on top. On a line :func:`mean_first_passage_time` is exact at any temperature;
where a valley changes its width, use it or :func:`kramers_rate` on the free energy along the valley
(:func:`free_energy_profile`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
