"""Reading Yahoo's chart answer: it has the shape of a chart of the symbol asked for, or is refused by name."""

import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daycast.storage.feeds.reading.answers import why_no_json
from daycast.storage.terms.text import quote

_PRICES = ("open", "high", "low", "close")
_EARLIEST, _LATEST = -5_364_662_400, 9_214_646_400
"""The years 1800 to 2261, in seconds since 1970."""


class NoChartError(ValueError):
    """A text that is not the chart asked for; the message is what came."""


def read_chart(text: str | None, *, symbol: str, bars: bool) -> dict[str, Any]:
    """Read a chart, as Yahoo's JSON has it.

    Args:
        text: the answer.
        symbol: whose chart was asked for.
        bars: whether bars were asked for, and not only what kind of thing the symbol is.

    Raises:
        NoChartError: an error in JSON, another symbol's chart, or no chart at all; columns of unequal length, or
            with anything but numbers and nulls in them.
    """
    answer = _json(text)
    if said := _error_in(answer):
        raise NoChartError(f"an error in JSON: {quote(said)}")
    charts = answer["chart"].get("result") if isinstance(answer.get("chart"), dict) else None
    if not (isinstance(charts, list) and charts and isinstance(charts[0], dict)):
        raise NoChartError(f"JSON that is no chart: {quote(text or '')}")
    chart: dict[str, Any] = charts[0]
    meta = chart.get("meta")
    named = meta.get("symbol") if isinstance(meta, dict) else None
    if not isinstance(named, str) or named.upper() != symbol.upper():
        raise NoChartError(f"data of another symbol: {quote(named) if isinstance(named, str) else None}")
    if bars and (problem := next(_problems(chart), None)):
        raise NoChartError(problem)
    return chart


def error_of(text: str | None) -> str | None:
    """What an answer says is wrong, or that it is no chart; None where it may be one."""
    try:
        said = _error_in(_json(text))
    except NoChartError as error:
        return str(error)
    return f"an error in JSON: {quote(said)}" if said else None


def _json(text: str | None) -> dict[str, Any]:
    if reason := why_no_json(text):
        raise NoChartError(reason)
    try:
        answer: dict[str, Any] = json.loads(text or "", object_pairs_hook=_once, parse_constant=_no_number)
    except _TwiceError as error:
        raise NoChartError(f"JSON with the key {quote(str(error))} twice") from None
    return answer


def _no_number(word: str) -> float:
    raise NoChartError(f"JSON with {word} in it, which JSON does not have")


class _TwiceError(Exception):
    """A key stands twice in one object, so that neither value is sure."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = value
    return found


def _error_in(answer: dict[str, Any]) -> str | None:
    """The error that an answer names, wherever Yahoo puts it: in the chart, or in its place."""
    for part in ("chart", "finance"):
        error = (answer.get(part) or {}).get("error") if isinstance(answer.get(part), dict) else None
        if error:
            return str(error.get("description") or error.get("code") if isinstance(error, dict) else error)
    return None


def _problems(chart: dict[str, Any]) -> Iterator[str]:
    """In what a chart has another shape than a chart of bars, the plainest first."""
    stamps = chart.get("timestamp")
    if not stamps:
        yield "a chart without bars: no session lies in the time asked for"
    elif not isinstance(stamps, list) or not all(_is_stamp(stamp) for stamp in stamps):
        yield "a chart of another shape: timestamps that are no seconds since 1970"
    else:
        yield from _wrong_columns(chart.get("indicators"), count=len(stamps))
    if not _is_zone(chart["meta"].get("exchangeTimezoneName")):
        yield "a chart of another shape: no time zone of the exchange"


def _wrong_columns(indicators: Any, *, count: int) -> Iterator[str]:
    quotes = _first(indicators, "quote")
    adjusted = _first(indicators, "adjclose") if isinstance(indicators, dict) and "adjclose" in indicators else None
    columns = {name: (quotes or {}).get(name) for name in (*_PRICES, "volume")}
    if adjusted is not None:
        columns["adjclose"] = adjusted.get("adjclose")
    for name, values in columns.items():
        if not isinstance(values, list):
            yield f"a chart of another shape: no list of {name}"
        elif len(values) != count:
            yield f"a chart of another shape: {len(values)} values of {name} for {count} timestamps"
        elif wrong := [value for value in values if not _is_value(value)]:
            yield f"a chart of another shape: {name} is not a number: {quote(json.dumps(wrong[0]))}"


def _first(indicators: Any, name: str) -> dict[str, Any] | None:
    rows = indicators.get(name) if isinstance(indicators, dict) else None
    return rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None


def _is_value(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 10**300
    return value is None or isinstance(value, float)


def _is_stamp(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and _EARLIEST <= value <= _LATEST


def _is_zone(name: object) -> bool:
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
