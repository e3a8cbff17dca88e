r"""Samplers: walkers at a temperature, in one compiled loop.

$$x_{k+1} = x_k-\eta\nabla f(x_k)+\sqrt{2\eta\theta}\,\xi_{k+1},\qquad
  u(x)\propto e^{-f(x)/\theta}\text{ in equilibrium}.$$

- ``langevin``, ``minibatch_sgd``, ``mala`` -- chains, with ArviZ's dimensions.
- ``first_passage``, ``exponential_mean`` -- times of escape, and their mean under censoring.
- ``Langevin``, ``MinibatchSGD`` with ``sample``, ``passage_times`` -- the same for any dynamics.
- ``LocalizedSampler`` -- SGLD, RMSprop-SGLD, SGHMC, SGNHT around a point, on minibatches.
- ``deep_linear_gibbs`` -- deep linear networks, sampled exactly.
- ``ExponentialCooling``, ``HyperbolicCooling``, ``Quench`` -- temperatures that change.
- ``estimate``, ``rhat``, ``effective_sample_size`` -- from chains to numbers with errors.

A potential is a function of one walker's position, an array or any tree of arrays::

    def double_well(x):
        return (x[0] ** 2 - 1) ** 2

    runs = first_passage(double_well, -jnp.ones((1000, 1)), lambda x: x[0] > 1, step_size=0.01,
                         temperature=0.2, max_steps=100_000, key=jax.random.key(0))
    print(exponential_mean(runs["time"].values, runs["is_censored"].values))

For [kozyrev2024langevin].
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
