"""Interleaved timing of ours against a peer; ratios are what counts, never absolute times."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def compare():
    return _compare


def _compare(
    name: str,
    peer: Callable[[], Any],
    ours: Callable[[], Any],
    *,
    rounds: int,
    repeats: int = 1,
) -> float:
    """Time both in turn, print the median of the per-round ratios peer / ours, and return it.

    `repeats` calls of ours make a round where one is so short that it would mostly time what the
    peer leaves behind: cold caches, and memory to be mapped again.
    """
    for run in (peer, ours):  # warm up
        run()
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        pair = []
        for run, calls in ((peer, 1), (ours, repeats)):
            begun = time.perf_counter()
            for _ in range(calls):
                run()
            pair.append((time.perf_counter() - begun) / calls)
        times.append((pair[0], pair[1]))
    ratios = [theirs / our for theirs, our in times]
    ratio = statistics.median(ratios)
    peer_time, our_time = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"\n{name}: {ratio:.2f}x (rounds {min(ratios):.2f} to {max(ratios):.2f}); "
        f"peer {1e3 * peer_time:.1f} ms, ours {1e3 * our_time:.1f} ms"
    )
    return ratio
