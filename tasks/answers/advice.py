"""The table of the pipeline file that would do better, for ``daycast check``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.pipeline import Pipeline


def advised(spec: Pipeline) -> Pipeline | None:
    """The pipeline with what its files say of themselves; none where there is nothing to tell."""
    from daycast.storage.config.pipeline_file import parse_pipeline
    from daycast.storage.feeds.suggesting import suggest

    keys = suggest(spec)
    if not keys:
        return None
    table = {**_table(spec), **keys}
    try:
        better = parse_pipeline(spec.name, table)
    except ConfigError:
        return None
    return better if isinstance(better, Pipeline) else None


def as_toml(spec: Pipeline) -> str:
    """A pipeline as the pipeline file has it, with the keys that were set."""
    return "\n".join([f"[{spec.name}]", *(f"{key} = {_value(value)}" for key, value in _table(spec).items())])


def _value(value: Any) -> str:
    import json

    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items() if each is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    import json

    return (
        key
        if key.isascii() and key.replace("_", "").replace("-", "").isalnum()
        else json.dumps(key, ensure_ascii=False)
    )


def _table(spec: Pipeline) -> dict[str, Any]:
    table = spec.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return {key: value for key, value in table.items() if key != "name" and value is not None}
