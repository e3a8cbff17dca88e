"""Checks that many task descriptions share: they refuse bad fields when they are constructed."""


def require_counts(**counts: int) -> None:
    """Refuse a field that is not an int of at least one.

    Raises
    ------
    TypeError, ValueError
        With the name and the value of the first such field.
    """
    for name, count in counts.items():
        if not isinstance(count, int) or isinstance(count, bool):
            raise TypeError(f"{name} must be an int, got {type(count).__name__} {count!r}")
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")


def require_at_most(limit_name: str, limit: int, **counts: int) -> None:
    """Refuse a count above a limit, naming both."""
    for name, count in counts.items():
        if count > limit:
            raise ValueError(f"{name} must be at most {limit_name} = {limit}, got {count}")


def require_fraction(**fractions: float) -> None:
    """Refuse a fraction outside [0, 1]."""
    for name, fraction in fractions.items():
        if not 0 <= fraction <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {fraction}")
