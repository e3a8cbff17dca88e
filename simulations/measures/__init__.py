r"""What is measured on a network: arrays (or a model) in, numbers out.

The quantities by which feature learning shows: the spectral power of each hidden node
(:mod:`.spectra`), the gradient that the readout sends back to the features,

$$ G_F = P_1 (Y - F V^T) V, $$

and how similar matrices and nodes are (:mod:`.features`). All are JAX functions that may be
recorded during training or applied to the weights of any other network. [tian2025li2]
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
