r"""What networks are trained on: groups, and the tasks made from them.

A task is every sample of a problem together with a random, nested split into train and test sets:
$(g, h) \mapsto g h$ for a finite group, or $(a, b) \mapsto (a + b) \bmod M$, the cyclic group, on
which grokking was found [power2022grokking] and its scaling law $n \sim M \log M$ is stated
[tian2025li2]. Beside them: addition without a modulus, as a problem of representation learning
[liu2022effective]; recovery of hidden vectors and matrices, teachers and students; and real images,
texts and molecules [liu2022omnigrok], the latter two and MNIST from optional packages or from local
files.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
