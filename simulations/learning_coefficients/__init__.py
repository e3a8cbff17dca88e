r"""Local learning coefficients: how many parameters a minimum leaves free, by sampling around it.

$$\hat\lambda = s\,\big(\mathbb E_w[L(w)]-L(w^*)\big),\qquad
  p(w)\propto\exp\Big(-s\,L(w)-\frac\gamma2|w-w^*|^2\Big),\qquad s = n\beta,$$

with $\beta = 1/\ln n$ unless another is asked for [Lau et al. 2023].

- ``llc`` -- the estimate with its error and its warnings, for any tree of parameters.
- ``calibrate`` -- which step sizes and localizations can be trusted.
- ``llc_along_training`` -- a curve over snapshots; ``snapshots_of`` takes them from a run.
- ``MatrixLoss`` -- squared loss of networks linear in their input: exact, whatever the batch size.
- ``load_safetensors`` -- weights from elsewhere.

Any loss over samples will do; parameters are Equinox modules, dictionaries, arrays::

    def loss(weights, batch):  # one number for every sample
        inputs, targets = batch
        return (inputs @ weights - targets) ** 2 / 2

    print(sim.llc(loss, weights, (inputs, targets), key=jax.random.key(0)))

For [lakkapragada2025slt].
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
