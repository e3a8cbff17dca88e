from . import derivation as derivation
from . import implicit_bias as implicit_bias
from . import irreps as irreps
from . import kernel_limits as kernel_limits
from . import kernels as kernels
from . import lazy_rich as lazy_rich
from . import li2 as li2
