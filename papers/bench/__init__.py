"""What a claim stands on: papers, claims and figures, the bench they use, and the checks.

``Paper`` collects claims and figures by decorators, ``Bench`` gives a claim its scale, its
randomness, its cache and the training engine, and ``check`` runs claims on an executor and returns
their findings. Nothing here imports JAX or matplotlib before a claim has to be computed.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
