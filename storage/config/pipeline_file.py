"""How the pipeline file is read, and what is wrong with it in words that name file, table and key."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from daycast.storage.feeds.catalog import KINDS, own_keys, pipeline_on
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.known import nearest_first, require_known
from daycast.storage.terms.text import address, listed, quote
from daycast.storage.terms.words import SAMPLE, SAMPLE_PREFIX, Predicts

_LONGEST = 100
_TOLD = 300
"""How many letters a message gives to the problems of a table; it tells one at least."""
_OWNERS = 3
_NEARLY = 0.8
"""How alike, by difflib's ratio, a key is that was only misspelled."""
_HIDDEN = "a value that is not shown"


def load_pipelines(path: str | Path) -> dict[str, AnyPipeline]:
    """Read the pipeline file.

    Args:
        path: a TOML file with one table a pipeline.

    Returns:
        The pipelines by name, in the file's order.

    Raises:
        ConfigError: the file is missing, is not TOML, or a table in it is wrong; the message names file, table and key.
    """
    try:
        with Path(path).open("rb") as file:
            tables = tomllib.load(file)
    except FileNotFoundError:
        raise ConfigError(
            f"A pipeline file is required. Received: {path}, which does not exist. "
            "Set DAYCAST_PIPELINES to your file, or run from the project's folder."
        ) from None
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        said = "tables too deep" if isinstance(error, RecursionError) else error
        raise ConfigError(f"The pipeline file must be readable TOML. Received: {path}: {said}") from None
    if not tables:
        raise ConfigError(f"The pipeline file must hold at least one table [name]. Received: {path}, which is empty.")
    pipelines = {name: parse_pipeline(name, table, where=str(path)) for name, table in tables.items()}
    _require_read(pipelines, where=str(path))
    return pipelines


def _require_read(pipelines: Mapping[str, AnyPipeline], *, where: str) -> None:
    """Hold each pipeline that another one reads to being there, and to predicting labels."""
    labels = [name for name, spec in pipelines.items() if spec.predicts == "labels"]
    for spec in pipelines.values():
        for name in spec.reads:
            if name not in labels:
                raise ConfigError(
                    f"{where}: [{spec.name}]: from_labels: a pipeline of this file that predicts labels is required: "
                    f"{listed(labels) if labels else 'there is none'}. Received: {name!r}."
                )


_A_DAY = "a date is required, such as 2020-01-31"
_IN_TOML: Mapping[str, str] = {
    "too_short": "one at least is required",
    "too_long": "{max_length:,} at most may stand in the list. Received: {actual_length:,}",
    "tuple_type": "a list is required, in brackets: [ … ]",
    "model_type": "a table is required: {{ … }}",
    "dict_type": "a table is required: {{ … }}",
    "string_type": "text in quotation marks is required",
    "string_too_short": "text is required",
    "string_too_long": "text of {max_length:,} letters at most is required",
    "bool_type": "true or false is required",
    "bool_parsing": "true or false is required",
    "date_type": _A_DAY,
    "date_parsing": _A_DAY,
    "date_from_datetime_inexact": _A_DAY,
    "date_from_datetime_parsing": _A_DAY,
}
"""What pydantic says in words of Python, in those of the file; a limit is filled in."""


def parse_pipeline(name: str, table: Any, *, where: str = "the pipeline file") -> AnyPipeline:
    """Build one pipeline from its table.

    Raises:
        ConfigError: a key is unknown, or another feed's, or a value is wrong.
    """
    title = f"[{name if name.isprintable() else repr(name)}]"
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {title} must be a table with keys below it. Received: {_shown(name, table)}.")
    if name.startswith(SAMPLE_PREFIX) and table.get("feed") != SAMPLE:
        raise ConfigError(
            f"{where}: {title}: names that begin with {SAMPLE_PREFIX!r} are for generated data. Choose another name."
        )
    if table.get("feed") == SAMPLE and not name.startswith(SAMPLE_PREFIX):
        raise ConfigError(
            f"{where}: {title}: a pipeline on the feed {SAMPLE!r} must be named {SAMPLE_PREFIX}…, "
            "so that its rows are never taken for real ones."
        )
    if "name" in table:
        raise ConfigError(f"{where}: {title}: unknown key 'name'. The table's name is the pipeline's.")
    asked, feed = table.get("predicts", "values"), table.get("feed")
    predicts = next((each for each in KINDS if each == asked), None)
    if predicts is None:
        there = ", ".join(map(repr, KINDS))
        raise ConfigError(
            f"{where}: {title}: predicts: a pipeline predicts one of {there}. Received: {_shown('predicts', asked)}."
        )
    kind = KINDS[predicts]
    if isinstance(feed, str) and feed not in kind.feeds:
        there = ", ".join(map(repr, kind.feeds))
        raise ConfigError(
            f"{where}: {title}: feed: a feed of {predicts} is one of {there}. Received: {_shown('feed', feed)}."
        )
    model = pipeline_on(feed, predicts=predicts) if isinstance(feed, str) else kind.pipeline
    try:
        return model.model_validate({"name": name, **table})
    except ValidationError as error:
        problems = list(_problems(error, model=model, feed=feed, predicts=predicts))
        raise ConfigError(f"{where}: {title}: {_first(problems)}") from None


def choose_pipelines(pipelines: Mapping[str, AnyPipeline], names: list[str], *, sample: bool) -> list[AnyPipeline]:
    """The pipelines named, or all of them, on generated data if asked: then ``x`` may be a ``sample_x`` of the file.

    Raises:
        ConfigError: a name is not in the file.
    """
    known = {**pipelines, **{f"{SAMPLE_PREFIX}{name}": spec.as_sample() for name, spec in pipelines.items()}}
    if sample:
        names = [name if name in pipelines or name in known else _sampled(name, pipelines) for name in names]
    for name in names:
        require_known(name, list(known) if name.startswith(SAMPLE_PREFIX) else list(pipelines), kind="pipeline")
    chosen = [known[name] for name in names] if names else list(pipelines.values())
    return [spec.as_sample() for spec in chosen] if sample else chosen


def _sampled(name: str, pipelines: Mapping[str, AnyPipeline]) -> str:
    return f"{SAMPLE_PREFIX}{name}" if f"{SAMPLE_PREFIX}{name}" in pipelines else name


def _problems(error: ValidationError, *, model: type[BaseModel], feed: Any, predicts: Predicts) -> Iterator[str]:
    """What is wrong, problem by problem; what belongs to other feeds, or to other kinds, in one sentence each."""
    unknown = _unknown(error)
    feeds = KINDS[predicts].feeds
    owners = {
        key: names for key in unknown if (names := [name for name in feeds if key in own_keys(name, predicts=predicts)])
    }
    if owners:
        yield _of_other_feeds(owners, feed=feed, predicts=predicts)
    strangers = {key: kinds for key in unknown if key not in owners and (kinds := _kinds_with(key))}
    if strangers:
        yield f"{_owned(strangers, by='pipelines that predict')}. Received: predicts = {predicts!r}"
    by_place = {_place(problem): problem for problem in reversed(error.errors())}  # of each branch of a union the first
    told = owners.keys() | strangers.keys()
    left = [(place, it) for place, it in reversed(by_place.items()) if place not in told]
    left = [(place, it) for place, it in left if not _follows(place, it, [each for each, _ in left])]
    left.sort(key=lambda each: each[1]["type"] != "extra_forbidden")  # what was written comes before what was not
    yield from (_explain(it, model) for _, it in left)


def _follows(place: str, problem: Any, places: list[str]) -> bool:
    """Whether a list is too short only because what is in it is wrong."""
    return problem["type"] == "too_short" and any(each.startswith(f"{place}.") for each in places)


def _kinds_with(key: str) -> list[str]:
    """The kinds of pipelines that have a key, on whatever feed."""
    return [
        predicts
        for predicts, kind in KINDS.items()
        if key in _keys([], kind.pipeline) or any(key in own_keys(name, predicts=predicts) for name in kind.feeds)
    ]


def _first(problems: list[str]) -> str:
    """The first problems, as many as a message has room for, and how many more there are.

    >>> _first(["a is wrong", "b is wrong"]), _first(["a" * 300, "b is wrong"])[-12:]
    ('a is wrong; b is wrong', 'aaaa; 1 more')
    """
    ends = accumulate(len(problem) + 2 for problem in problems)
    told = max(1, sum(end <= _TOLD for end in ends))
    rest = [f"{len(problems) - told:,} more"] if len(problems) > told else []
    return "; ".join([*problems[:told], *rest])


def _place(problem: Any) -> str:
    """The key that a problem is about, without pydantic's names for the branches of a union."""
    return ".".join(quote(str(part))[1:-1] for part in problem["loc"] if "[" not in str(part))


def _unknown(error: ValidationError) -> list[str]:
    problems = error.errors()
    return [str(it["loc"][0]) for it in problems if it["type"] == "extra_forbidden" and len(it["loc"]) == 1]


def _of_other_feeds(owners: Mapping[str, list[str]], *, feed: Any, predicts: Predicts) -> str:
    said = _owned(owners, by="the feed")
    if not isinstance(feed, str):
        return f"{said}. Received: no feed"
    own = listed(list(own_keys(feed, predicts=predicts)))
    return f"{said}. Received: feed = {feed!r}, {f'whose own keys are: {own}' if own else 'which has none of its own'}"


def _owned(owners: Mapping[str, list[str]], *, by: str) -> str:
    """Whose the keys are, of the first few.

    >>> _owned({"url": ["yahoo", "ett"]}, by="the feed")
    "'url' belongs to the feed yahoo or ett"
    """
    told = [f"{key!r} belongs to {by} {' or '.join(names)}" for key, names in owners.items()]
    return ", ".join(told[:_OWNERS]) + (f" and {len(told) - _OWNERS} more" if len(told) > _OWNERS else "")


def _explain(problem: Any, model: type[BaseModel]) -> str:
    location = _place(problem)
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        keys = nearest_first(str(key), _keys(parents, model))
        return f"unknown key {location!r}. The keys there are: {listed(keys)}.{_hint(str(key), keys, model)}"
    if problem["type"] == "missing":
        return f"the key {location!r} is required"
    message = _said(problem)
    # A rule over the whole table says itself what it received: the table may hold secrets.
    said = "Received" in message or not problem["loc"]
    received = "" if said else f". Received: {_shown(problem['loc'][-1], problem['input'])}"
    return f"{location + ': ' if location else ''}{message}{received}"


def _said(problem: Any) -> str:
    if words := _IN_TOML.get(problem["type"]):
        return words.format(**problem.get("ctx", {}))
    return str(problem["msg"]).removeprefix("Value error, ")


def _shown(key: Any, value: Any) -> str:
    """A value as it may stand in a message: of a URL its address, and no more of a long one than its beginning."""
    if isinstance(value, str) and "://" in value:
        return repr(address(value))
    text = _HIDDEN if "url" in str(key) or "://" in str(value) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _keys(parents: list[Any], model: type[BaseModel]) -> set[str]:
    for parent in (each for each in parents if not isinstance(each, int)):  # which of several tables
        model = next(_models(model.model_fields[str(parent)].annotation), model)
    return {field.alias or key for key, field in model.model_fields.items()} - {"name"}


def _hint(key: str, keys: list[str], model: type[BaseModel]) -> str:
    """What was meant: a key that is spelled nearly so, one of another table, or one that is alike at all."""
    near = difflib.get_close_matches(key, keys, n=1, cutoff=_NEARLY) or _elsewhere(key, model)
    near = near or difflib.get_close_matches(key, keys, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _elsewhere(key: str, model: type[BaseModel]) -> list[str]:
    """Where a key of this name does stand: in the pipeline's table, or in a table in it."""
    tables = [(f"{table}.", _keys([table], model)) for table in model.model_fields if _is_table(table, model)]
    return [f"{prefix}{key}" for prefix, keys in [("", _keys([], model)), *tables] if key in keys]


def _is_table(table: str, model: type[BaseModel]) -> bool:
    return next(_models(model.model_fields[table].annotation), None) is not None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) in {Union, UnionType, tuple}:
        for part in get_args(annotation):
            yield from _models(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
