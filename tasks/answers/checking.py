"""What a run would find, for ``daycast check``: the feed is asked, nothing is written. Plain functions, no Prefect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import ConfigError, DataError, FeedError
from daycast.storage.terms.pipeline import Pipeline, require_values
from daycast.storage.terms.words import ALL_SERIES, AVAILABLE_AT, OBSERVED_AT, REASON, SYMBOL, series_id
from daycast.tasks.answers.advice import advised, as_toml
from daycast.tasks.answers.checking_ahead import CheckedAhead, check_ahead, foresee_all

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.series.alignment import Levels
    from daycast.models.series.panel import Panel
    from daycast.storage.intake.ahead import Foreseen

_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class CheckedSeries:
    """What a run would find of one series.

    Attributes:
        symbol: the series' symbol.
        rows: that could be used.
        first: of these, aware UTC; none where there is none.
        last: likewise.
        missing: instants of the calendar between them without a row.
        longest: of these, in a row at most.
        set_aside: how many rows for which reason, the most frequent first.
        windows: for training and for scores.
        trouble: why nothing can be forecast of it as the pipeline asks; empty where it can.
        findings: what looks odd and would be left as it is.
    """

    symbol: str
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    missing: int = 0
    longest: int = 0
    set_aside: Mapping[str, int] = field(default_factory=dict)
    windows: int = 0
    trouble: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a run of one pipeline would find.

    Attributes:
        pipeline: its name.
        series: in the order of its symbols.
        set_aside: rows of no symbol, for which reason, the most frequent first.
        troubles: why a run would fail or be degraded, beside what the series say themselves.
        advice: a table of the pipeline file that would do better, as TOML; empty where there is none to tell.
    """

    pipeline: str
    series: tuple[CheckedSeries, ...]
    set_aside: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()
    advice: str = ""

    @property
    def good(self) -> bool:
        """Whether a run would give every series what the pipeline asks for."""
        return not self.troubles and not any(each.trouble for each in self.series)


def check(spec: Pipeline, *, at: datetime) -> Check:
    """Ask the feed of a pipeline, judge its rows and cut its windows, as a run at an instant would.

    Args:
        spec: the pipeline.
        at: the instant, aware.
    """
    from daycast.tasks.handover.members import named

    try:
        whole, left_out = named(spec, as_of=at)
    except (DataError, FeedError) as error:
        return Check(pipeline=spec.name, series=(), troubles=(str(error),))
    spec = require_values(whole)
    found = _check(spec, at=at)
    if left_out:
        found = replace(found, troubles=(*found.troubles, left_out))
    if found.good:
        return found
    better = advised(spec)
    if better is None or not _improves(_check(better, at=at), found):
        return found
    return replace(found, advice=as_toml(better))


def _check(spec: Pipeline, *, at: datetime) -> Check:
    from daycast.storage.feeds.catalog import open_feed
    from daycast.storage.feeds.feed import Span
    from daycast.storage.intake.rules import inspect

    try:
        fetched = open_feed(spec).fetch(spec.symbols, Span(start=spec.start_at, end=at))
        judged = inspect(fetched.frame, spec=spec)
    except (ConfigError, DataError, FeedError) as error:
        return Check(pipeline=spec.name, series=(), troubles=(str(error),))
    good = judged.good[judged.good[AVAILABLE_AT] <= at]
    foreseen = foresee_all(fetched.ahead, spec=spec, at=at)
    seen, aside = list(judged.findings), [fetched.rejected, judged.set_aside]
    if foreseen is not None:
        seen, aside = [*seen, *foreseen.findings], [*aside, foreseen.set_aside]
    findings = {symbol: [each.message for each in seen if each.symbol == symbol] for symbol in spec.symbols}
    reasons = _reasons(aside)
    panel, read, troubles = _windows(good, foreseen, spec, at=at) if len(good) else (None, None, ())
    series = [
        CheckedSeries(
            symbol=symbol,
            **_of_rows(good[good[SYMBOL] == symbol], spec),
            set_aside=reasons.get(symbol, {}),
            findings=(*findings[symbol], *(read.findings.get(symbol, ()) if read else ())),
            **_of_windows(symbol, panel, read, spec, failure=fetched.failures.get(symbol)),
        )
        for symbol in spec.symbols
    ]
    nobodys = reasons.get(ALL_SERIES, {})
    return Check(pipeline=spec.name, series=tuple(series), set_aside=nobodys, troubles=tuple(troubles))


def _reasons(frames: Sequence[pd.DataFrame]) -> dict[str, dict[str, int]]:
    """By symbol, how many rows for which reason; what a reason quotes of its row is left out."""
    found: dict[str, dict[str, int]] = {}
    for frame in frames:
        for symbol, reason in zip(frame[SYMBOL], frame[REASON], strict=True):
            of = found.setdefault(str(symbol), {})
            short = str(reason).partition(": '")[0]
            of[short] = of.get(short, 0) + 1
    return {symbol: dict(sorted(of.items(), key=lambda each: -each[1])) for symbol, of in found.items()}


def _of_rows(rows: pd.DataFrame, spec: Pipeline) -> dict[str, Any]:
    import pandas as pd

    from daycast.storage.calendars import Calendar

    if rows.empty:
        return {}
    observed = pd.DatetimeIndex(rows[OBSERVED_AT])
    there = Calendar(spec.calendar).instants(observed[0], observed[-1]).isin(observed)
    runs = pd.Series(there).cumsum()[~there].value_counts()
    return {
        "rows": len(rows),
        "first": observed[0].to_pydatetime(),
        "last": observed[-1].to_pydatetime(),
        "missing": int((~there).sum()),
        "longest": int(runs.max()) if len(runs) else 0,
    }


def _windows(
    good: pd.DataFrame, foreseen: Foreseen | None, spec: Pipeline, *, at: datetime
) -> tuple[Panel, CheckedAhead, Iterator[str]]:
    """The series, the windows of them that a network reads, and why none could be trained on those."""
    from daycast.models.series.panel import Panel
    from daycast.tasks.handover.fed import mute

    levels = _levels(good, spec, at=at)
    panel = Panel.of(levels, spec=spec, limit=spec.fill_limit)
    read = check_ahead(panel, foreseen, rows=good, spec=spec, at=at)
    said = mute(levels, spec=spec)
    return panel, read, iter([said]) if said else _untrainable(good, read.panel, spec)


def _levels(good: pd.DataFrame, spec: Pipeline, *, at: datetime) -> Levels:
    from daycast.storage.config.settings import Settings
    from daycast.tasks.handover.levels import levels_of
    from daycast.tasks.handover.stores import Stores

    there = [symbol for symbol in spec.symbols if (good[SYMBOL] == symbol).any()]
    return levels_of(good, spec=spec, symbols=there, as_of=at, database=Stores(Settings()).look)


def _untrainable(good: pd.DataFrame, panel: Panel, spec: Pipeline) -> Iterator[str]:
    from daycast.models.series.splits import bounds, cut, require_windows
    from daycast.storage.calendars import Calendar

    try:
        instants = Calendar(spec.calendar).instants(good[OBSERVED_AT].min(), good[OBSERVED_AT].max())
        ends = bounds(instants, split=spec.split)
        require_windows(cut(panel.index, bounds=ends).counts, bounds=ends, horizon=spec.horizon)
    except DataError as error:
        yield str(error)


def _of_windows(
    symbol: str, panel: Panel | None, read: CheckedAhead | None, spec: Pipeline, *, failure: FeedError | None
) -> dict[str, Any]:
    if failure is not None:
        return {"trouble": str(failure)}
    name = series_id(spec.name, symbol)
    if panel is None or read is None or name not in panel.names:
        return {"trouble": "no row can be used"}
    code = panel.names.index(name)
    windows = int((read.panel.index.codes == code).sum())
    before = max(spec.lookback, spec.season_length)
    if symbol in read.troubles:
        return {"windows": windows, "trouble": read.troubles[symbol]}
    if not windows:
        needs = f"a window takes {before + spec.horizon} instants in a row and more (lookback, season, horizon)"
        return {"trouble": f"no whole window: {needs}, with gaps of at most fill_limit = {spec.fill_limit}"}
    last = panel.last[code]
    gap = "" if panel.ready[code, last] else f"a gap longer than fill_limit = {spec.fill_limit} among the last instants"
    return {"windows": windows, "trouble": gap}


def _improves(after: Check, before: Check) -> bool:
    good = [sum(not each.trouble for each in found.series) for found in (after, before)]
    rows = [sum(each.rows for each in found.series) for found in (after, before)]
    return (good[0], rows[0]) > (good[1], rows[1])
