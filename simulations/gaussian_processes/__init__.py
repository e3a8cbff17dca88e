r"""Gaussian processes with trained hyper-parameters, as models of the house.

Their objectives are losses `loss(model, batch)` on the train set, so that :func:`.train` trains
them with any optimizer, over seeds and sweeps. Kernels and exact inference are tinygp's. What the
paper needs beyond, the variational posterior of a probit classifier, is written here: tinygp stops
at Gaussian likelihoods, and gpjax brings its own training loop, numpyro and paramax.

>>> import jax
>>> from groktheory.simulations.gaussian_processes import GaussianProcess
>>> model = GaussianProcess.init(length_scale=0.5, signal=1.0, noise=0.01)
>>> prior = model.prior(jax.numpy.zeros((3, 1)))
>>> prior.covariance.shape
(3, 3)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
