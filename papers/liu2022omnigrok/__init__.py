"""The norm of the weights and grokking on any data [liu2022omnigrok], checked claim by claim.

- ``teacher_student`` -- students of a random teacher: shapes, times, initializations.
- ``images`` -- networks that read digits: grokking by large weights, predicted times, data size.
- ``constant_norm`` -- networks that add modulo p on spheres.
- ``real_data`` -- networks that read reviews and molecules.
- ``figures`` -- reduced losses, times, data, the flow of norm and messiness.
"""

from . import constant_norm, figures, images, real_data, teacher_student
from ._card import paper

__all__ = ["constant_norm", "figures", "images", "paper", "real_data", "teacher_student"]
