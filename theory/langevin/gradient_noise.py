r"""The temperature of stochastic gradient descent.

A step $w\to w-\eta g$ with a gradient over a batch of $B$ has the noise $\eta^2C/B$, where $C$ is
the covariance of the gradient of one sample. Held against $2\eta\theta$ per step of Langevin
dynamics,

$$\theta_{ij} = \frac{\eta}{2B}C_{ij},\qquad
  \theta = \frac{\eta}{2Bd}\operatorname{tr}C :$$

one over temperature is proportional to $B/\eta$. Noise that depends on the position has no
temperature, but in one dimension still an exact exponent of escape.
"""

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive
from ._evaluation import Profile, profile_energies, profile_slopes
from ._line_integrals import integrate, panel_nodes, refined


def gradient_noise_temperature(
    noise_covariance: Float[np.ndarray, "dimensions dimensions"],
    *,
    learning_rate: float,
    batch_size: float,
) -> float:
    r"""Temperature of the isotropic part of the gradient noise, $\frac\eta{2Bd}\operatorname{tr}C$.

    Parameters
    ----------
    noise_covariance
        $C$, of the gradient of one sample.
    learning_rate, batch_size
        $\eta > 0$ and $B > 0$, drawn with replacement. Without replacement from $N$ samples the
        noise is smaller by $(N-B)/(N-1)$.

    Raises
    ------
    ValueError
        If a number is not positive, or the covariance not a symmetric matrix.

    Source: derived (derivation gradient-noise-temperature).

    >>> gradient_noise_temperature(np.eye(3), learning_rate=0.5, batch_size=1)
    0.25
    """
    refuse_not_positive(learning_rate=learning_rate, batch_size=batch_size)
    covariance = _square(noise_covariance, "noise_covariance")
    return float(learning_rate * np.trace(covariance) / (2 * batch_size * len(covariance)))


def stationary_covariance(
    hessian: Float[np.ndarray, "dimensions dimensions"],
    noise_covariance: Float[np.ndarray, "dimensions dimensions"],
    *,
    learning_rate: float,
    batch_size: float,
) -> Float[np.ndarray, "dimensions dimensions"]:
    r"""Covariance of the weights around a harmonic minimum, exact for any step size,

    $$\Sigma = (I-\eta H)\,\Sigma\,(I-\eta H)+\frac{\eta^2}BC .$$

    For small steps $H\Sigma+\Sigma H = \frac\eta BC$; with $C\propto H$ it is isotropic, as in a
    well of equal stiffness in all directions.

    Parameters
    ----------
    hessian
        $H$, positive definite.
    noise_covariance
        $C$, of the gradient of one sample.
    learning_rate, batch_size
        $\eta > 0$ and $B > 0$.

    Raises
    ------
    ValueError
        If a number or the Hessian is not positive, or $\eta$ is not below $2/\lambda_{\max}$.

    Source: derived.

    >>> stationary_covariance(
    ...     np.diag([1.0, 2.0]), np.diag([1.0, 2.0]), learning_rate=1e-6, batch_size=1
    ... ).round(9).tolist()
    [[5e-07, 0.0], [0.0, 5e-07]]
    """
    from scipy.linalg import solve_discrete_lyapunov

    refuse_not_positive(learning_rate=learning_rate, batch_size=batch_size)
    hessian = _square(hessian, "hessian")
    covariance = _square(noise_covariance, "noise_covariance")
    if covariance.shape != hessian.shape:
        raise ValueError(
            f"noise_covariance must have the shape {hessian.shape} of the Hessian, got "
            f"{covariance.shape}"
        )
    curvatures = np.linalg.eigvalsh(hessian)
    if not curvatures[0] > 0:
        raise ValueError(
            f"hessian must be positive definite, got a curvature of {curvatures[0]:.6g}: along a "
            "flat direction the weights diffuse without end"
        )
    if not learning_rate < 2 / curvatures[-1]:
        raise ValueError(
            f"learning_rate must be below 2 / {curvatures[-1]:.6g} = {2 / curvatures[-1]:.6g}, got "
            f"{learning_rate}: the descent diverges"
        )
    step = np.eye(len(hessian)) - learning_rate * hessian
    return solve_discrete_lyapunov(step, learning_rate**2 / batch_size * covariance)


def noise_escape_exponent(
    profile: Profile,
    noise_variance: Profile,
    *,
    well: float,
    barrier: float,
    learning_rate: float,
    batch_size: float,
) -> float:
    r"""Exponent of the time of escape on a line under noise that depends on the position,

    $$\ln\tau\simeq\frac{2B}\eta\int_a^b\frac{f'(x)}{C(x)}\,dx .$$

    Parameters
    ----------
    profile
        $f$, element by element and written with `jax.numpy`.
    noise_variance
        $C(x) > 0$, element by element.
    well, barrier
        $a$ and $b$.
    learning_rate, batch_size
        $\eta > 0$ and $B > 0$.

    Raises
    ------
    ValueError
        If a number is not positive, or the noise vanishes on the way: then no escape happens.

    Source: derived (derivation anisotropic-escape).

    >>> round(noise_escape_exponent(
    ...     lambda x: x**2, lambda x: 0 * x + 2, well=0, barrier=1, learning_rate=0.1, batch_size=3
    ... ), 9)
    30.0
    """
    refuse_not_positive(learning_rate=learning_rate, batch_size=batch_size)
    positions = np.linspace(well, barrier, 1001)
    variances = profile_energies(noise_variance, positions)
    if not np.all(variances > 0):
        where = positions[np.argmin(variances)]
        raise ValueError(
            f"noise_variance must be positive all the way, got {variances.min():.4g} at "
            f"{where:.6g}: noise that vanishes there cannot carry anything across"
        )

    def integral(panels: int) -> float:
        nodes, half = panel_nodes(well, barrier, panels)
        ratios = profile_slopes(profile, nodes) / profile_energies(noise_variance, nodes)
        return integrate(ratios, half)

    return 2 * batch_size / learning_rate * refined(integral, "the exponent")


def curvature_noise_exponent(
    barrier: float,
    *,
    well_curvature: float,
    barrier_curvature: float,
    share: float,
    learning_rate: float,
    batch_size: float,
) -> float:
    r"""Exponent of the time of escape where the noise is as large as the curvature,

    $$\ln\tau\simeq\frac{2B\,\Delta L}\eta\left(\frac s{H_a}+\frac{1-s}{\lvert H_b\rvert}\right) :$$

    noise $C = H_a$ up to a share $s$ of the height, and $\lvert H_b\rvert$ from there on. A flat
    well is exponentially harder to leave.

    Parameters
    ----------
    barrier
        $\Delta L > 0$.
    well_curvature, barrier_curvature
        $H_a > 0$ and $\lvert H_b\rvert > 0$ along the way out.
    share
        $s$ in $(0, 1)$.
    learning_rate, batch_size
        $\eta > 0$ and $B > 0$.

    Raises
    ------
    ValueError
        If a number is out of range.

    Source: derived (derivation anisotropic-escape); the form of Xie, Sato and Sugiyama (2021).

    >>> round(curvature_noise_exponent(
    ...     1.0, well_curvature=2, barrier_curvature=2, share=0.5, learning_rate=0.1, batch_size=1
    ... ), 9)
    10.0
    """
    refuse_not_positive(
        barrier=barrier,
        well_curvature=well_curvature,
        barrier_curvature=barrier_curvature,
        learning_rate=learning_rate,
        batch_size=batch_size,
    )
    if not 0 < share < 1:
        raise ValueError(f"share must lie in (0, 1), got {share}")
    slowness = share / well_curvature + (1 - share) / barrier_curvature
    return 2 * batch_size * barrier / learning_rate * slowness


def _square(matrix: np.ndarray, name: str) -> np.ndarray:
    matrix = np.asarray(matrix, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}")
    if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12 * np.abs(matrix).max()):
        raise ValueError(f"{name} must be symmetric")
    return matrix
