"""What `core`, `all`, KEY, KEY/CLAIM, FILE.py and FILE.py/CLAIM select."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .discovery import BrokenPaper, Entry, UnknownName, discover, find, suggest
from .paper import Claim


@dataclasses.dataclass(frozen=True)
class Selected:
    """A claim and the paper it belongs to."""

    entry: Entry
    claim: Claim

    @property
    def name(self) -> str:
        """Paper and claim, as the command line spells them."""
        return f"{self.entry.paper.key}/{self.claim.name}"


def select(targets: Sequence[str]) -> tuple[list[Selected], list[BrokenPaper]]:
    """Return the claims that `targets` mean, each once, and the papers that cannot be imported.

    Parameters
    ----------
    targets
        `core` (headline claims of the core papers), `all` (every claim of every paper), a citation
        key or the path of a file (all its claims), or either of these followed by `/CLAIM`.

    Raises
    ------
    UnknownName
        If a target means nothing; the message names what is near.
    """
    chosen: dict[str, Selected] = {}
    broken: dict[str, BrokenPaper] = {}
    for target in targets:
        if target in ("core", "all"):
            entries, unimportable = discover()
            broken |= unimportable
            found = [
                Selected(entry, claim)
                for entry in entries.values()
                for claim in entry.paper.claims.values()
                if target == "all" or (entry.paper.core and claim.headline)
            ]
        else:
            try:
                found = _select_one(target)
            except BrokenPaper as error:
                broken[target] = error
                found = []
        chosen |= {f"{one.entry.source}/{one.claim.name}": one for one in found}
    if not chosen and not broken:
        raise UnknownName(f"nothing to check: no claims in {' '.join(targets) or 'an empty list'}")
    return list(chosen.values()), list(broken.values())


def split(target: str) -> tuple[str, str | None]:
    """Split KEY/NAME or FILE.py/NAME; the second part is `None` if there is none.

    >>> split("tian2025li2/local-maxima"), split("../ideas/my_theory.py")
    (('tian2025li2', 'local-maxima'), ('../ideas/my_theory.py', None))
    """
    if target.endswith(".py"):
        return target, None
    head, separator, name = target.rpartition("/")
    return (head, name) if separator else (target, None)


def _select_one(target: str) -> list[Selected]:
    key, name = split(target)
    entry = find(key)
    claims = entry.paper.claims
    if name is None:
        return [Selected(entry, claim) for claim in claims.values()]
    if name not in claims:
        raise UnknownName(f"no claim {name!r} in {entry.paper.key}{suggest(name, claims)}")
    return [Selected(entry, claims[name])]
