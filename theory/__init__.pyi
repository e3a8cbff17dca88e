from . import irreps as irreps
from . import li2 as li2
