r"""Provable scaling laws of feature emergence: the three stages of grokking [tian2025li2].

A two-layer network $\hat Y = \sigma(XW)V$ learns the multiplication of a finite group of order
$M$ from one-hot pairs $x = [e_{h_1}; e_{h_2}]$, with squared loss and weight decay.

1. *Lazy learning.* The readout $V$ fits random features; the gradient sent back to the hidden
   layer first follows $\tilde Y\tilde Y^\top\tilde F$ and then relaxes to a fixed point that is
   proportional to the weight decay.
2. *Independent feature learning.* Every hidden node $w = [u; v]$ ascends, alone, the energy

   $$E(w) = \tfrac12\,\lVert\tilde Y^\top\sigma(Xw)\rVert_2^2 ,$$

   whose local maxima for $\sigma(x) = x^2$ each live in one irreducible representation of the
   group. How many samples keep those maxima alive sets the scaling $n \sim M\log M$.
3. *Interactive feature learning.* Similar nodes repel one another, irreducible representations
   that the network has already learned leave the landscape, and Muon spreads the nodes out.

Tilde means centered over the samples. Groups enter as Cayley tables, ``table[g, h]`` being the
index of $gh$; nodes enter as two arrays ``u`` and ``v`` of shape ``[nodes, group]``, the weights
on the first and the second factor. Where the paper's constants are off, the corrected form carries
the plain name and the printed one is kept under a name starting with ``published_``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
