"""What a run would find of what the feed says ahead, for ``daycast check``: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import listed
from daycast.storage.terms.words import AVAILABLE_AT, FETCHED_AT, SAID_AT, series_id

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from daycast.models.series.panel import Panel
    from daycast.storage.intake.ahead import Foreseen


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckedAhead:
    """What is known ahead of some series.

    Attributes:
        panel: with the windows alone of whose leads something was known when their origins were.
        troubles: by symbol, why no network can read it.
        findings: by symbol, of what else to be aware.
    """

    panel: Panel
    troubles: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def foresee_all(told: pd.DataFrame | None, *, spec: Pipeline, at: datetime) -> Foreseen | None:
    """Judge what the feed says ahead, as a run does; none where the pipeline asks for none."""
    from daycast.storage.intake.ahead import foresee

    return None if told is None else foresee(told, columns=spec.known_columns, now=at)


def check_ahead(
    panel: Panel, foreseen: Foreseen | None, *, rows: pd.DataFrame, spec: Pipeline, at: datetime
) -> CheckedAhead:
    """Cut the windows of a panel as a run does that reads what was known of the future at each origin.

    Args:
        panel: of the rows.
        foreseen: what the feed says ahead, judged; none where the pipeline asks for none.
        rows: what could be used of what was observed.
        spec: the pipeline.
        at: the instant of the run, aware.
    """
    import numpy as np
    import pandas as pd

    from daycast.models.series.ahead import Vintages
    from daycast.storage.calendars import Calendar
    from daycast.tasks.handover.ahead import told_of_latest, told_panel

    if foreseen is None:
        return CheckedAhead(panel=panel)
    calendar, symbols = Calendar(spec.calendar), [name.partition("/")[2] for name in panel.names]
    said = {SAID_AT: foreseen.good[AVAILABLE_AT], FETCHED_AT: pd.Timestamp(at)}
    vintages = Vintages.of(foreseen.good.assign(**said), symbols=symbols, columns=spec.known_columns)
    codes = np.flatnonzero(panel.last >= 0)
    told = told_of_latest(panel, vintages, codes=codes, calendar=calendar, as_of=at)
    latest = {symbols[code]: of for code, of in zip(codes, told, strict=True)}
    read = told_panel(panel, vintages, rows=rows, calendar=calendar, as_of=at)
    return CheckedAhead(
        panel=read,
        troubles=dict(_troubles(panel, read, latest, spec=spec)),
        findings=dict(_findings(latest, spec=spec)),
    )


def _troubles(
    panel: Panel, read: Panel, latest: Mapping[str, np.ndarray], *, spec: Pipeline
) -> Iterator[tuple[str, str]]:
    """Of a series whose next leads are not known at all, and of one of whose past leads nothing ever was."""
    for symbol, told in latest.items():
        code = panel.names.index(series_id(spec.name, symbol))
        columns = listed(_mute(told, spec) or list(spec.known_columns))
        if (panel.index.codes == code).any() and not (read.index.codes == code).any():
            yield (
                symbol,
                f"no window can train: what is known of {columns} must be told of a lead before it comes. It was of "
                "none; keep the rows that were told ahead, each with the time since when it is known (available_at)",
            )
        elif _mute(told, spec):
            yield symbol, f"{columns} is not known for any lead, which a network reads; a baseline would serve"


def _findings(latest: Mapping[str, np.ndarray], *, spec: Pipeline) -> Iterator[tuple[str, tuple[str, ...]]]:
    from daycast.models.series.ahead import lacking

    for symbol, told in latest.items():
        some = int(lacking(told[None])[0])
        if some and not _mute(told, spec):
            columns = listed(list(spec.known_columns))
            said = f"{columns} is not known for {some} of {spec.horizon} leads, which read the nearest that is"
            yield symbol, (said,)


def _mute(told: np.ndarray, spec: Pipeline) -> list[str]:
    """The columns of which nothing is known at any lead."""
    import numpy as np

    return [name for place, name in enumerate(spec.known_columns) if not np.isfinite(told[:, place]).any()]
