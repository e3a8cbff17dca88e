r"""Judgement: is a prediction borne out by a measurement, and can the data tell it from its rivals?

A theory states a value and a tolerance at every control point before the run, an accepted region
$[v-\delta_-, v+\delta_+]$. The measurement states a confidence interval. The claim is

- **supported** if every interval lies inside the region and every rival is rejected,
- **refuted** if some interval misses the region,
- **inconclusive** otherwise, with the number of seeds that would decide.

Each wrong verdict has a probability of at most 5 % (two one-sided tests, Schuirmann 1987) if the
intervals cover what they say, which :mod:`~groktheory.validation.calibration` measures on data with
known truth.

- :mod:`~groktheory.validation.evidence`, :mod:`~groktheory.validation.judge` -- predictions,
  measurements and the verdict on them.
- :mod:`~groktheory.validation.findings`, :mod:`~groktheory.validation.serialization` -- what a
  check leaves behind, as JSON.
- :mod:`~groktheory.validation.laws` -- scaling laws fitted with uncertainties and compared.
- :mod:`~groktheory.validation.calibration` -- how often the judge errs, and what it can see.
- :mod:`~groktheory.validation.figures`, :mod:`~groktheory.validation.layout`,
  :mod:`~groktheory.validation.report` -- figures, tables and the static report.
- :mod:`~groktheory.validation.dial` -- runs on their way from the kernel to the rich regime.
- :mod:`~groktheory.validation.phases` -- phase diagrams with the boundaries of a theory.

Nothing here knows any theory or any training run.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
