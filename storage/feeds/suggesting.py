"""What files say of themselves, as keys of the pipeline file: a guess for people to look at, never taken by itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.files import layout_of
from daycast.storage.feeds.files_keys import FilesPipeline
from daycast.storage.feeds.reading.answers import decode
from daycast.storage.feeds.reading.columns import read_times
from daycast.storage.feeds.reading.csv_table import read_sheet
from daycast.storage.feeds.reading.grid import off_grid
from daycast.storage.feeds.reading.guesses import number_keys, time_formats
from daycast.storage.feeds.reading.headers import is_data, split
from daycast.storage.feeds.reading.iso import read_iso
from daycast.storage.feeds.reading.layout import NoTableError, tidy
from daycast.storage.feeds.reading.numbers import to_numbers
from daycast.storage.terms.pipeline import Pipeline

_HEAD = 4 * 1024 * 1024
"""Bytes at most that are looked at."""
_ROWS = 400
_ENCODINGS = ("gbk", "shift_jis", "big5", "euc_kr", "cp1252")
_SEPARATORS = ",;\t|~^ :"
_TIMES = ("date", "time", "datetime", "timestamp", "trade_date", "day", "日期", "时间", "datum", "fecha", "ds", "")
_TARGETS = ("close", "adj_close", "price", "last", "value", "收盘", "收盤", "收盘价", "schluss", "cierre", "y")

Keys = dict[str, Any]


def suggest(spec: Pipeline) -> Keys:
    """The keys with which the first file of a pipeline could be read; none where nothing can be told."""
    if not isinstance(spec, FilesPipeline):
        return {}
    encoding, text = _decoded(_beginning(spec), spec)
    if text is None:
        return {}
    lines = [line for line in text.splitlines() if line.strip()][: _ROWS + 3]
    if len(lines) < 2:
        return {}
    keys: Keys = {"encoding": encoding} if encoding else {}
    found = _header(lines)
    if found is None:
        return keys
    at, separator = found
    keys |= {"separator": separator} if separator not in ",;\t|" else {}
    header = [name.strip() for name in split(lines[at], separator)]
    rows = [[each.strip() for each in split(line, separator)] for line in lines[at + 1 :]]
    columns = {name: [row[place] for row in rows if len(row) >= len(header)] for place, name in enumerate(header)}
    keys |= _time_keys(columns, spec)
    keys |= _value_keys(columns, spec, times=keys.get("time", spec.time))
    return keys | _calendar_keys(text, spec, keys)


def _beginning(spec: FilesPipeline) -> bytes:
    """What the first symbol's file begins with; nothing where it cannot be read or is of another kind."""
    path = Path(spec.path.replace("{symbol}", spec.symbols[0]) if spec.symbols else spec.path)
    if path.is_dir() or path.suffix.lower() in {".parquet", ".pq"}:
        return b""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _decoded(head: bytes, spec: FilesPipeline) -> tuple[str | None, str | None]:
    """The encoding to name, none where it is UTF-8 or named already, and the text."""
    if (text := decode(head, encoding=spec.encoding)) is not None:
        return None, text
    cut = head[: head.rfind(b"\n") + 1]
    tried = ("utf-16",) if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", *_ENCODINGS)
    for encoding in tried:
        text = decode(head if encoding == "utf-16" else cut, encoding=encoding)
        if text is not None:
            return (None if encoding == "utf-8-sig" else encoding), text
    return None, None


def _header(lines: Sequence[str]) -> tuple[int, str] | None:
    """Where the header is, and what stands between its fields: what cuts it and the next line into as many.

    None where the first line is data: taken for the names, it would be lost. Names that are numbers, as the symbols of
    some exchanges are, make a header only where no other line is one.
    """
    if any(is_data(split(lines[0], separator)) for separator in ",;\t|" if separator in lines[0]):
        return None
    spare = None
    for at in range(min(5, len(lines) - 1)):
        for separator in _SEPARATORS:
            fields, below = ([each.strip() for each in split(line, separator)] for line in lines[at : at + 2])
            if not 1 < len(fields) == len(below) or is_data(fields):
                continue
            if to_numbers(fields[1:])[1].any():
                return at, separator
            spare = spare or (at, separator)
    return spare


def _time_keys(columns: Mapping[str, list[str]], spec: FilesPipeline) -> Keys:
    """Which column has the times, and how they are written."""
    names = {tidy(name): name for name in columns}
    own = [names.get(tidy(spec.columns_named.get(name, name))) for name in _listed(spec.time)]
    keys: Keys = {}
    if None in own:
        found = next((names[name] for name in _TIMES if name in names), None)
        found = found if found is not None else next((n for n, texts in columns.items() if _reads(texts)), None)
        if found is None:
            return {}
        own, keys["time"] = [found], found
    if len(own) == 1 and tidy(str(own[0])) == "date" and "time" in names and _is_clock(columns[names["time"]]):
        own = [own[0], names["time"]]
        keys["time"] = own
    parts = [columns[str(name)] for name in own]
    texts = [" ".join(row) for row in zip(*parts, strict=True)]
    if not read_iso(texts[:_ROWS]).read.all() and (forms := time_formats(texts)):
        keys["time_format"] = forms[0]
    return keys


def _is_clock(texts: Sequence[str]) -> bool:
    return bool(texts) and all(":" in text and "-" not in text for text in texts[:_ROWS])


def _reads(texts: Sequence[str]) -> bool:
    sample = list(texts[:_ROWS])
    return bool(sample) and bool(read_iso(sample).read.all() or time_formats(sample))


def _value_keys(columns: Mapping[str, list[str]], spec: FilesPipeline, *, times: Any) -> Keys:
    """Which column is meant by the target, and how its numbers are written."""
    names = {tidy(name): name for name in columns}
    keys: Keys = {}
    if spec.symbols and set(spec.symbols) <= set(columns) and (len(spec.symbols) > 1 or tidy(spec.target) not in names):
        keys["symbols_as"] = "columns"
        there = columns[spec.symbols[0]]
    else:
        named = spec.columns_named.get(spec.target, spec.target)
        column = names.get(tidy(named))
        if column is None:
            taken = {tidy(name) for name in _listed(times)}
            column = next((names[name] for name in _TARGETS if name in names and name not in taken), None)
            column = column or _only_numbers({name: each for name, each in columns.items() if tidy(name) not in taken})
            if column is None:
                return keys
            keys["columns"] = {**spec.columns_named, spec.target: column}
        there = columns[column]
    for part in filter(None, number_keys(there).split(" or ")[0].split(" and ")):
        key, _, sign = part.partition(" = ")
        keys[key] = sign.strip('"')
    return keys


def _only_numbers(columns: Mapping[str, list[str]]) -> str | None:
    """The one column of numbers, where there is one alone."""
    found = [name for name, texts in columns.items() if name and texts and not to_numbers(texts)[1].any()]
    return found[0] if len(found) == 1 else None


def _calendar_keys(text: str, spec: FilesPipeline, keys: Keys) -> Keys:
    """The calendar that the times keep to, where they do not keep to the pipeline's."""
    try:
        told = spec.model_copy(
            update={("columns_named" if key == "columns" else key): each for key, each in keys.items()}
        )
        layout = layout_of(told)
        sheet = read_sheet(text[: text.rfind("\n") + 1], layout=layout)
        times = read_times(sheet.columns, layout).observed_at.dropna()
    except NoTableError:
        return {}
    apart = pd.Series(times.unique().sort_values()).diff().dropna()
    if apart.empty:
        return {}
    usual, share = apart.mode().iloc[0], float((apart == apart.mode().iloc[0]).mean())
    calendar = Calendar(spec.calendar)
    if calendar.daily:
        return {}
    if off_grid(pd.Series(times), calendar=spec.calendar):
        return (
            {"calendar": _named(usual)}
            if share > 0.5 and usual % pd.Timedelta(minutes=1) == pd.Timedelta(0)
            else {"resample": "mean"}
        )
    return {"calendar": _named(usual)} if calendar.step is not None and usual > calendar.step and share > 0.5 else {}


def _named(step: pd.Timedelta) -> str:
    minutes = int(step / pd.Timedelta(minutes=1))
    days, hours = divmod(minutes, 1440), divmod(minutes, 60)
    return f"{days[0]}D" if not days[1] else f"{hours[0]}h" if not hours[1] else f"{minutes}min"


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
