"""The singular value decomposition of a least-squares problem, split into range and null space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._arguments import refuse_not_positive


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Positive singular values of the features with their left and right singular vectors."""

    left: np.ndarray
    values: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Spectrum:
        if features.ndim != 2 or not np.any(features):
            raise ValueError(
                "features must be a matrix [samples, coordinates] other than zero, got shape "
                f"{features.shape}"
            )
        left, values, right = np.linalg.svd(features, full_matrices=False)
        rank = int(np.sum(values > 1e-12 * values[0]))
        return cls(left[:, :rank], values[:rank], right[:rank].T)

    def solve(self, targets: np.ndarray, *, ridge: float = 0.0) -> np.ndarray:
        """Least-squares coefficients; at zero ridge the ones of least norm."""
        return self.right @ (self.values / (self.values**2 + ridge) * (self.left.T @ targets))

    def null_part(self, point: np.ndarray) -> np.ndarray:
        """The part of a point that the features do not see."""
        return point - self.right @ (self.right.T @ point)


def refuse_bad_step(spectrum: Spectrum, learning_rate: float, weight_decay: float) -> None:
    refuse_not_positive(learning_rate=learning_rate)
    if weight_decay < 0:
        raise ValueError(f"weight_decay must be at least 0, got {weight_decay}")
    largest = 2 / (spectrum.values[0] ** 2 + weight_decay)
    if learning_rate >= largest:
        raise ValueError(
            f"learning_rate must be below 2 / (largest squared singular value + weight_decay) = "
            f"{largest:.3g}, got {learning_rate}: gradient descent diverges"
        )
