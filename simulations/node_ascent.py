r"""The energy landscape of one hidden node, measured: ascent on the sphere and curvature.

$$ E(w) = \tfrac12 \lVert Z^T \sigma(X w) \rVert^2, \qquad w = [u; v], \quad \lVert w \rVert = 1, $$

is what each node climbs while the read-out is nearly fixed [tian2025li2, Thm. 1]. The rows of $X$
are pairs of one-hot operands, so that $(Xw)_i = u_{a_i} + v_{b_i}$ is a gather; $Z$ holds the
labels in any form (centered, whitened, projected). No closed form enters here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

_FASTEST_STEP = 1 / 6
_ORBIT_STEP = 1 / 40


@dataclass(frozen=True)
class AscentResult:
    """Where the ascent of a batch of nodes ended.

    Parameters
    ----------
    nodes
        End points, of unit norm.
    energies
        Energy at the end points.
    gradient_norms
        Norm of the gradient along the sphere at the end points.
    num_steps
        Steps taken by each node.
    has_converged
        Whether the gradient norm fell to the tolerance.
    """

    nodes: Float[np.ndarray, "nodes operands"]
    energies: Float[np.ndarray, " nodes"]
    gradient_norms: Float[np.ndarray, " nodes"]
    num_steps: Int[np.ndarray, " nodes"]
    has_converged: Bool[np.ndarray, " nodes"]

    @property
    def num_unconverged(self) -> int:
        """Number of nodes that ran out of steps."""
        return int((~self.has_converged).sum())


@dataclass(frozen=True, eq=False)
class EnergyLandscape:
    r"""The energy of a hidden node on given samples, in float64.

    Parameters
    ----------
    first, second
        Operands $a_i, b_i$ of each row, in $[0, M)$.
    labels
        Label matrix $Z$, already centered or whitened.
    group_order
        $M$; a node has $2M$ weights.
    activation
        Elementwise JAX function $\sigma$. Pass the same function object again rather than a new
        lambda: it is compiled once an object.

    Raises
    ------
    ValueError
        If the shapes disagree, an operand is outside $[0, M)$, or a label is not finite.
    """

    first: Int[np.ndarray, " rows"]
    second: Int[np.ndarray, " rows"]
    labels: Float[np.ndarray, "rows labels"]
    group_order: int
    activation: Callable[[Array], Array] = jnp.square

    def __post_init__(self):
        first, second = np.asarray(self.first), np.asarray(self.second)
        labels = np.asarray(self.labels, dtype=np.float64)
        if labels.ndim != 2 or not first.shape == second.shape == labels.shape[:1]:
            raise ValueError(
                f"first, second and labels must have shapes (rows,), (rows,), (rows, labels), "
                f"got {first.shape}, {second.shape}, {labels.shape}"
            )
        for name, operand in (("first", first), ("second", second)):
            if operand.size and not 0 <= operand.min() <= operand.max() < self.group_order:
                raise ValueError(
                    f"{name} must lie in [0, {self.group_order}), "
                    f"got values from {operand.min()} to {operand.max()}"
                )
        if not np.isfinite(labels).all():
            raise ValueError("labels must be finite, got NaN or infinity")
        for name, value in (("first", first), ("second", second), ("labels", labels)):
            object.__setattr__(self, name, value)

    def energy(self, nodes: Float[np.ndarray, "nodes operands"]) -> Float[np.ndarray, " nodes"]:
        """Return the energy of nodes of any norm, with weights $[u; v]$ in each row."""
        nodes = self._checked(nodes)
        with jax.enable_x64(True):
            return np.asarray(_energy(jnp.asarray(nodes.T), self._rows(), self.activation))[0]

    def ascend(
        self,
        nodes: Float[np.ndarray, "nodes operands"],
        *,
        max_angle: float | None = None,
        tolerance: float = 1e-10,
        max_steps: int = 20_000,
    ) -> AscentResult:
        r"""Climb the energy on the unit sphere from given starts.

        $$ w \leftarrow \frac{w + c\, \nabla_{\!S} E / E}{\lVert \cdot \rVert}, $$

        where $\nabla_{\!S}$ is the gradient along the sphere. A step is measured in units of $1/E$,
        which leaves the orbits of the flow as they are and makes the step independent of the scale
        of the labels.

        Parameters
        ----------
        nodes
            Starts, one a row; they are normalized.
        max_angle
            None: reach *some* maximum as fast as possible ($c = 1/6$). A number, for example 0.01:
            follow the gradient flow from the start to *its* maximum ($c = 1/40$, and no step turns
            a node by more than this angle in radians); take this to ask which maximum wins.
        tolerance
            A node has converged once $\lVert \nabla_{\!S} E \rVert \le$ tolerance $\cdot E$, or
            once the gradient is below the rounding error of $\lVert Z \rVert_F^2$ (flat landscape).
        max_steps
            Largest number of steps.

        Returns
        -------
        AscentResult
            Nodes that ran out of steps are marked, not dropped.

        Notes
        -----
        For $\sigma = x^2$ on all pairs of a group, the curvature at a maximum is $-4E$ or $-8E$
        across its flat directions, so $c = 1/6$ shortens the error to a third at every step, while
        $c > 1/4$ would not converge (derived, from the Hessian of the convolution energy). For
        other data and activations nothing is assumed: a step that lowers the energy is refused and
        retried at a quarter of its length, and one after which the gradient points backwards halves
        the next. So the energy never falls, beyond rounding, and a node can only come to rest where
        the gradient vanishes. Kinks of the activation (relu) can hold maxima at which it does not:
        such nodes count as unconverged. $c = 1/40$ is the step $0.1/M$ at the maximum
        $E = M/4$ of an odd cyclic group.

        [tian2025li2, Thm. 1]
        """
        if max_angle is not None and not 0 < max_angle < np.pi / 2:
            raise ValueError(f"max_angle must lie in (0, pi/2), got {max_angle}")
        nodes = self._checked(nodes)
        norms = np.linalg.norm(nodes, axis=1, keepdims=True)
        if not (norms > 0).all():
            raise ValueError("nodes must not be zero: they are normalized to the unit sphere")
        with jax.enable_x64(True):
            end = _ascend(
                jnp.asarray((nodes / norms).T),
                self._rows(),
                self.activation,
                _FASTEST_STEP if max_angle is None else _ORBIT_STEP,
                np.inf if max_angle is None else max_angle,
                tolerance,
                self._rounding,
                max_steps,
            )
            gradient_norms = np.linalg.norm(end.tangents, axis=0)
            energies = np.asarray(end.energies)[0]
        return AscentResult(
            nodes=np.asarray(end.nodes).T,
            energies=energies,
            gradient_norms=gradient_norms,
            num_steps=np.asarray(end.num_steps)[0],
            has_converged=gradient_norms <= tolerance * energies + self._rounding,
        )

    def hessian_eigenvalues(
        self, nodes: Float[np.ndarray, "nodes operands"]
    ) -> Float[np.ndarray, "nodes directions"]:
        r"""Return the eigenvalues of the Hessian on the unit sphere, in ascending order.

        $$ B^T \left[ \nabla^2 E - (w \cdot \nabla E)\, I \right] B, $$

        with $B$ an orthonormal basis of the $2M - 1$ directions along the sphere. Zero eigenvalues
        at a maximum count its flat directions. Cost $O(M)$ energies and $O(M^3)$ a node.

        Parameters
        ----------
        nodes
            Points, one a row; they are normalized.
        """
        nodes = self._checked(nodes)
        nodes = nodes / np.linalg.norm(nodes, axis=1, keepdims=True)
        with jax.enable_x64(True):
            hessians = np.asarray(
                _tangent_hessians(jnp.asarray(nodes), self._rows(), self.activation)
            )
        return np.linalg.eigvalsh(hessians)

    @property
    def _rounding(self) -> float:
        """Size of a gradient that is nothing but rounding error."""
        return 16 * float(np.finfo(np.float64).eps * (self.labels**2).sum())

    def _rows(self) -> "_Rows":
        """Return the samples as JAX arrays; call it inside `jax.enable_x64`."""
        return _Rows(
            jnp.asarray(self.first),
            jnp.asarray(self.second) + self.group_order,
            jnp.asarray(self.labels),
        )

    def _checked(self, nodes) -> Float[np.ndarray, "nodes operands"]:
        nodes = np.asarray(nodes, dtype=np.float64)
        if nodes.ndim != 2 or nodes.shape[1] != 2 * self.group_order:
            raise ValueError(
                f"nodes must have shape (nodes, {2 * self.group_order}), got {nodes.shape}"
            )
        if not np.isfinite(nodes).all():
            raise ValueError("nodes must be finite, got NaN or infinity")
        return nodes


def random_nodes(
    num_nodes: int, group_order: int, *, key: Array
) -> Float[np.ndarray, "nodes operands"]:
    """Return nodes uniformly distributed on the unit sphere of `2 * group_order` weights."""
    with jax.enable_x64(True):
        nodes = np.asarray(jax.random.normal(key, (num_nodes, 2 * group_order), jnp.float64))
    return nodes / np.linalg.norm(nodes, axis=1, keepdims=True)


class _Rows(NamedTuple):
    first: Array
    second: Array
    labels: Array


class _State(NamedTuple):
    nodes: Float[Array, "operands nodes"]
    energies: Float[Array, "1 nodes"]
    tangents: Float[Array, "operands nodes"]
    shortening: Float[Array, "1 nodes"]
    num_steps: Int[Array, "1 nodes"]
    num_rounds: Int[Array, ""]


# Inside the compiled functions, nodes are columns: a gather of operands then copies whole rows.
@partial(jax.jit, static_argnums=2)
def _energy(nodes: Array, rows: _Rows, activation: Callable) -> Array:
    hidden = activation(nodes[rows.first] + nodes[rows.second])
    return 0.5 * _sum((rows.labels.T @ hidden) ** 2)


def _energy_and_tangent(nodes: Array, rows: _Rows, activation: Callable) -> tuple[Array, Array]:
    energies, pullback = jax.vjp(lambda w: _energy(w, rows, activation), nodes)
    (gradient,) = pullback(jnp.ones_like(energies))
    return energies, gradient - nodes * _sum(nodes * gradient)


def _sum(values: Array) -> Array:
    """Sum over all but the nodes."""
    return jnp.sum(values, axis=0, keepdims=True)


@partial(jax.jit, static_argnums=2)
def _ascend(
    nodes: Array,
    rows: _Rows,
    activation: Callable,
    step: ArrayLike,
    max_angle: ArrayLike,
    tolerance: ArrayLike,
    rounding: ArrayLike,
    max_steps: ArrayLike,
) -> _State:
    tiny = jnp.finfo(nodes.dtype).tiny

    def is_climbing(state: _State) -> Array:
        return jnp.sqrt(_sum(state.tangents**2)) > tolerance * state.energies + rounding

    def climb(state: _State) -> _State:
        slope = jnp.sqrt(_sum(state.tangents**2))
        length = step * state.shortening / jnp.maximum(state.energies, tiny)
        length = jnp.minimum(length, max_angle / jnp.maximum(slope, tiny))
        new = state.nodes + length * state.tangents
        new = new / jnp.sqrt(_sum(new**2))
        energies, tangents = _energy_and_tangent(new, rows, activation)
        falls = energies < state.energies * (1 - 1e-12)
        overshoots = _sum(tangents * state.tangents) < -0.5 * slope**2
        shortening = jnp.where(overshoots, state.shortening / 2, state.shortening * 1.1)
        shortening = jnp.where(falls, state.shortening / 4, jnp.minimum(shortening, 1.0))
        moves = is_climbing(state) & ~falls
        return _State(
            jnp.where(moves, new, state.nodes),
            jnp.where(moves, energies, state.energies),
            jnp.where(moves, tangents, state.tangents),
            shortening,
            state.num_steps + is_climbing(state),
            state.num_rounds + 1,
        )

    energies, tangents = _energy_and_tangent(nodes, rows, activation)
    counts = jnp.zeros_like(energies, jnp.int32)
    start = _State(
        nodes, energies, tangents, jnp.ones_like(energies), counts, jnp.zeros((), jnp.int32)
    )
    return jax.lax.while_loop(
        lambda state: (state.num_rounds < max_steps) & is_climbing(state).any(), climb, start
    )


@partial(jax.jit, static_argnums=2)
def _tangent_hessians(nodes: Array, rows: _Rows, activation: Callable) -> Array:
    def tangent_hessian(node: Array) -> Array:
        def energy(w: Array) -> Array:
            return _energy(w[:, None], rows, activation)[0, 0]

        # The Householder reflection that sends the node to an axis; its other columns are tangent.
        mirror = node.at[0].add(jnp.where(node[0] < 0, -1.0, 1.0))
        basis = jnp.eye(node.size) - 2 * jnp.outer(mirror, mirror) / (mirror @ mirror)
        basis = basis[:, 1:]
        radial = node @ jax.grad(energy)(node)
        hessian = basis.T @ jax.hessian(energy)(node) @ basis
        return hessian - radial * jnp.eye(node.size - 1)

    return jax.lax.map(tangent_hessian, nodes)
