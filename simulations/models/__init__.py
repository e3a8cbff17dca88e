r"""Networks, as Equinox modules of one sample.

A model is called on one sample. Where a batch can be computed faster than sample by sample, it has
a method `batched(inputs)` for samples along the first axis, which the losses use.

- ``two_layer``, ``mlp`` -- dense networks, on operands or on vectors.
- ``committee`` -- the committee machine, $f = N^{-1} \sum_i \phi(w_i \cdot x)$ [kumar2023lazy].
- ``linear``, ``matrices`` -- linear predictors by their factors: diagonal and Hadamard networks,
  factorized matrices [lyu2023dichotomy; notsawo2025norm].
- ``lstm``, ``graph_net`` -- networks that read texts and molecules [liu2022omnigrok].
- ``scaling`` -- all weights of a model times a number.
- ``evaluation`` -- any model on many samples.
- ``frozen`` -- weights that are not trained, and networks centered at their start.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
