"""Grokking as thermodynamics of Langevin dynamics [kozyrev2024langevin], checked claim by claim.

- ``equilibrium`` -- the Gibbs density, and the temperature above which the wide well wins.
- ``escape`` -- Kramers' rate, and how entropy sets the direction.
- ``delays`` -- barriers of energy against bottlenecks of entropy.
- ``networks`` -- a network whose rate of escape is known in closed form.
- ``data_size`` -- how the amount of data sets the time.
- ``clocks`` -- whether memorization is a fall and grokking a diffusion.
- ``gradient_noise`` -- the temperature of stochastic gradient descent.
- ``figures`` -- analytic figures.
"""

from . import clocks, data_size, delays, equilibrium, escape, figures, gradient_noise, networks
from ._card import paper

__all__ = [
    "clocks",
    "data_size",
    "delays",
    "equilibrium",
    "escape",
    "figures",
    "gradient_noise",
    "networks",
    "paper",
]
