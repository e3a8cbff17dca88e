r"""Effective theory of representation learning: when embeddings take the structure of the task.

A decoder that sees the sum of two embeddings generalizes where these form parallelograms,
$E_i+E_j = E_m+E_n$ for $i+j = m+n$. Training samples with the same label attract each other,

$$\ell_{\mathrm{eff}} = \frac1{Z_0\,|P_0(D)|}\sum_{P_0(D)}\lVert E_i+E_j-E_m-E_n\rVert^2, \qquad
  Z_0 = \sum_k\lVert E_k\rVert^2 ,$$

and the flow of that energy has a closed form. Whether the equally spaced embeddings are its only
ground state is a question of an integer rank; how fast they are reached, of the third eigenvalue.

- Which parallelograms a training set permits and implies, exactly; the probability that it
  determines the representation, exact or sampled, and the critical train fraction.
- Quality index, predicted accuracy and effective dimension of any embeddings.
- The effective flow, its conserved quantities, its rates, and the time law $t\sim1/\lambda_3$.
- Products instead of sums: modular addition, which unfolds into a circle, and groups.

Papers: [liu2022effective].
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
