r"""The optimizers of the papers that optax does not have, as optax transformations.

$$ \theta \leftarrow \theta - \text{lr}\, \operatorname{Adam}(\nabla J + \text{wd}\, \theta) $$

is what "Adam with weight decay" meant in most grokking experiments; it is not AdamW. Everything
composes with :func:`optax.chain`, and hyper-parameters may be traced, so that one compiled program
sweeps them. ``proximal`` has the steps for penalties that are not smooth and for constraints, and
normalized gradient descent; ``fields`` gives every part of a model a rule of its own.
[tian2025li2; notsawo2025norm; mohamadi2024kernel; liu2022effective]
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
