r"""Learning coefficients of small nonlinear models: tanh units, normal mixtures, squares."""

import math
from fractions import Fraction
from typing import Literal

from .coefficients import LearningCoefficient


def tanh_units(hidden: int) -> LearningCoefficient:
    r"""Return the coefficient of $\sum_{h\le H}a_h\tanh(b_hx)$ where the truth is zero.

    With $i = \lfloor\sqrt H\rfloor$,

    $$\lambda = \frac{H+i^2+i}{4i+2}, \qquad m = 2\text{ if }i^2 = H\text{, else }1 .$$

    One input, one output, no biases; the same for any odd analytic activation all of whose odd
    derivatives at zero differ from zero.

    Parameters
    ----------
    hidden
        $H \ge 1$.

    Raises
    ------
    ValueError
        If it is below 1.

    Source: Aoyagi and Watanabe's three-layer networks; tested against marginalization over the
    output weights.

    >>> [str(tanh_units(h).value) for h in (1, 2, 3, 4, 5)]
    ['1/2', '2/3', '5/6', '1', '11/10']
    """
    if hidden < 1:
        raise ValueError(f"hidden must be at least 1, got {hidden}")
    i = math.isqrt(hidden)
    return LearningCoefficient(Fraction(hidden + i**2 + i, 4 * i + 2), 2 if i**2 == hidden else 1)


def normal_mixture(components: Literal["one free", "both free"]) -> LearningCoefficient:
    r"""Return the coefficient of a two-component mixture where the truth is $\mathcal N(0, 1)$.

    `one free`: $(1-a)\,\mathcal N(0,1)+a\,\mathcal N(b,1)$, with $\lambda = 1/2$, $m = 2$, that of
    $a^2b^2$. `both free`: $(1-a)\,\mathcal N(c,1)+a\,\mathcal N(b,1)$ at $a = b = c = 0$, with
    $\lambda = 3/4$, $m = 1$: its moments generate the ideal of $ab+(1-a)c$ and
    $ab^2+(1-a)c^2$, that is of $c'$ and $ab^2$.

    Raises
    ------
    ValueError
        For another kind.

    Source: derived, by the engine of :func:`.real_log_canonical_threshold`.

    >>> print(normal_mixture("both free"))
    3/4, multiplicity 1
    """
    known = {
        "one free": LearningCoefficient(Fraction(1, 2), 2),
        "both free": LearningCoefficient(Fraction(3, 4), 1),
    }
    if components not in known:
        raise ValueError(f"components must be one of {list(known)}, got {components!r}")
    return known[components]


def quadratic_network(inputs: int, hidden: int, outputs: int) -> Fraction:
    r"""Return the coefficient of a quadratic network at a generic point.

    $$\lambda = \tfrac12\min\{K(p+d-1),\ p\,d(d+1)/2\}, \qquad
      p = 1:\quad \lambda = \tfrac12\bigl[kd-k(k-1)/2\bigr],\ k = \min(K, d) .$$

    The network $x\mapsto V\,(Wx)^{\odot2}$ with $d$ inputs, $K$ units and $p$ outputs, at a generic
    point: half of the rank of its Jacobian, as every unit has one scaling freedom, and all there is
    to learn are $p$ quadratic forms. With one output rotations of the units leave the form as it
    is, and the first formula, printed for all $p$, counts them as if they did not.

    Not to be compared with :func:`frozen_quadratic_network` for the sign of a change in training:
    that counts the readout alone, and is smaller.

    Parameters
    ----------
    inputs, hidden, outputs
        $d$, $K$ and $p$, at least 1.

    Raises
    ------
    ValueError
        If a number is below 1.

    Source: arXiv:2603.01192, Cor. 4.2; one output derived (symmetric matrices of rank
    $k$). Tested as the rank of Jacobians.

    >>> str(quadratic_network(2, 1, 1))
    '1'
    """
    _refuse_below_one(inputs=inputs, hidden=hidden, outputs=outputs)
    if outputs == 1:
        units = min(hidden, inputs)
        return Fraction(2 * units * inputs - units * (units - 1), 4)
    forms = outputs * inputs * (inputs + 1) // 2
    return Fraction(min(hidden * (outputs + inputs - 1), forms), 2)


def frozen_quadratic_network(hidden: int, outputs: int, span: int) -> Fraction:
    r"""Return $\lambda = \frac12p\min(\ell, K)$ of the readout on frozen random features.

    Parameters
    ----------
    hidden, outputs
        $K$ and $p$.
    span
        $\ell$, the dimension of the span that features have on the data.

    Raises
    ------
    ValueError
        If a number is below 1.

    Source: arXiv:2603.01192, Cor. 5.4; a linear model.

    >>> str(frozen_quadratic_network(100, 7, 60))
    '210'
    """
    _refuse_below_one(hidden=hidden, outputs=outputs, span=span)
    return Fraction(outputs * min(span, hidden), 2)


def _refuse_below_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
