from . import coupled as coupled
from ._muon import NEWTON_SCHULZ as NEWTON_SCHULZ
from ._muon import muon as muon
from .coupled import coupled_adam as coupled_adam
