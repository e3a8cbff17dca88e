"""Measurements: tasks, networks, the compiled training engine, and what is read off along a run.

- ``tasks`` -- finite groups and modular arithmetic, split into train and test sets.
- ``models``, ``losses``, ``optimizers`` -- what is trained, on what, and how.
- ``training`` -- one compiled loop a run; sweeps over seeds and hyper-parameters.
- ``measures``, ``detectors``, ``critical_fraction`` -- from a run to numbers with errors.
- ``norm_landscapes`` -- losses reduced to the norm of the weights.
- ``gaussian_processes`` -- regression and classification with trained hyper-parameters.
- ``samplers`` -- walkers at a temperature, and the times they take to escape.
- ``learning_coefficients`` -- how singular a minimum is, by sampling around it.
- ``phase_diagrams`` -- which runs generalize, late, never, or do not fit, over a plane.
- ``spectral_descent`` -- linear students in the eigenbasis of their data, any step at once.
- ``node_ascent`` -- gradient ascent of single hidden nodes.
- ``backend`` -- the self-check of the machine.

Nothing here knows of a theory.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
