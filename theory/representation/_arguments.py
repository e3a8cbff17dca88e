"""Checks that several modules of this room make at their doors."""

import numpy as np


def refuse_few_symbols(num_symbols: int, least: int = 3) -> None:
    """Refuse a number of symbols for which there is nothing to predict.

    Raises
    ------
    ValueError
        In this case.
    """
    if num_symbols < least:
        raise ValueError(f"num_symbols must be at least {least}, got {num_symbols}")


def refuse_bad_samples(samples: np.ndarray, num_symbols: int) -> None:
    """Refuse samples that are no unordered pairs i <= j of symbols, or that come twice.

    Raises
    ------
    ValueError
        In these cases.
    """
    if samples.ndim != 2 or samples.shape[1] != 2:
        raise ValueError(f"samples must be pairs, of shape (samples, 2), got {samples.shape}")
    if len(samples) == 0:
        return
    if samples.min() < 0 or samples.max() >= num_symbols:
        raise ValueError(
            f"samples must hold symbols in [0, {num_symbols}), got {samples.min()} to "
            f"{samples.max()}"
        )
    if np.any(samples[:, 0] > samples[:, 1]):
        raise ValueError(
            "samples must be unordered pairs written as i <= j, got "
            f"{samples[samples[:, 0] > samples[:, 1]][0].tolist()}: sort each row"
        )
    refuse_repeated(samples, num_symbols)


def refuse_repeated(samples: np.ndarray, num_symbols: int) -> None:
    """Refuse samples that come twice.

    Raises
    ------
    ValueError
        In this case.
    """
    codes = np.sort(samples[:, 0] * num_symbols + samples[:, 1])
    repeated = codes[1:][codes[1:] == codes[:-1]]
    if len(repeated):
        pair = list(divmod(int(repeated[0]), num_symbols))
        raise ValueError(f"samples must be distinct, got {pair} more than once")


def refuse_bad_table(table: np.ndarray) -> None:
    """Refuse a multiplication table that is no Latin square.

    Raises
    ------
    ValueError
        In this case.
    """
    order = len(table)
    lines = np.sort(table, axis=0), np.sort(table, axis=1).T
    if table.shape != (order, order) or any(np.any(line.T != np.arange(order)) for line in lines):
        raise ValueError(
            "table must be a Cayley table: square, with every element once in each row and column"
        )
