"""Judging what a feed says of the future: what can be kept, what is set aside and why, and what is not known yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from daycast.storage.intake.aside import aside, in_words
from daycast.storage.intake.oddities import Finding
from daycast.storage.terms.text import counted
from daycast.storage.terms.words import AVAILABLE_AT, SYMBOL, VALID_AT

_KEY = [SYMBOL, VALID_AT, AVAILABLE_AT]


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What is known ahead, judged.

    Attributes:
        good: sorted by symbol, ``valid_at`` and ``available_at``, one row for each.
        set_aside: ``symbol``, ``observed_at`` (what the row is of), ``raw`` and ``reason`` of the others.
        findings: what was seen and left as it is.
    """

    good: pd.DataFrame
    set_aside: pd.DataFrame
    findings: tuple[Finding, ...]


def foresee(frame: pd.DataFrame, *, columns: Sequence[str], now: datetime) -> Foreseen:
    """Judge what is said of the known columns; the frame is left alone.

    Set aside are values that are not finite, and rows that say different things of one instant at the same time, all of
    them, since nothing says which is right. What is said to become known after ``now`` is left for then.

    Args:
        frame: as :func:`~daycast.storage.feeds.reading.ahead.ahead_rows` gives it.
        columns: the known columns.
        now: aware.
    """
    names = list(columns)
    rows = frame.sort_values(_KEY, kind="stable", ignore_index=True).drop_duplicates([*_KEY, *names])
    infinite = np.isinf(rows[names].to_numpy(dtype=float)).any(axis=1)
    clash = rows.duplicated(_KEY, keep=False).to_numpy()
    reasons = np.where(infinite, "what is known ahead is not finite", "another row known since then says otherwise")
    wrong = infinite | clash
    later = ~wrong & (rows[AVAILABLE_AT] > pd.Timestamp(now)).to_numpy()
    rejected = rows[wrong]
    return Foreseen(
        good=rows[~wrong & ~later].reset_index(drop=True),
        set_aside=aside(
            rejected[SYMBOL],
            observed_at=rejected[VALID_AT],
            raw=in_words(rejected.drop(columns=[SYMBOL, VALID_AT])),
            reasons=reasons[wrong],
        ),
        findings=tuple(_not_yet(rows[later])),
    )


def rewritten(counts: Mapping[str, int]) -> list[Finding]:
    """What to say of rows that say something else than when they came first, by symbol how many they are."""
    return [
        Finding(
            symbol=symbol,
            kind="rewritten",
            count=count,
            message=f"what is known ahead was rewritten in {counted(count, 'row')}, and counts so from now on",
        )
        for symbol, count in counts.items()
    ]


def _not_yet(later: pd.DataFrame) -> list[Finding]:
    return [
        Finding(
            symbol=str(symbol),
            kind="not_yet",
            count=len(rows),
            message=f"what is known ahead is said to be known only later in {counted(len(rows), 'row')}, the "
            f"first from {rows[AVAILABLE_AT].min():%Y-%m-%d %H:%M} UTC on, and counts then",
        )
        for symbol, rows in later.groupby(SYMBOL, sort=True)
    ]
