"""The table of the pipeline file that would do better, for ``daycast check``."""

from __future__ import annotations

from typing import Any

from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.toml import toml_value


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
    return "\n".join([f"[{spec.name}]", *(f"{key} = {toml_value(value)}" for key, value in _table(spec).items())])


def _table(spec: Pipeline) -> dict[str, Any]:
    table = spec.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return {key: value for key, value in table.items() if key != "name" and value is not None}
