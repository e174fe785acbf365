"""A table of the pipeline file: frozen once it is read, and an unknown key is an error."""

import functools
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Frozen(BaseModel):
    """What every table is. What TOML says is a number, a truth or text is none of the others here either."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, info: ValidationInfo) -> Any:
        kinds = _kinds(cls, str(info.field_name))
        for each in value if isinstance(value, (list, tuple)) else (value,):
            _require_kind(each, kinds)
        return value


def _require_kind(value: Any, kinds: frozenset[Any]) -> None:
    """Refuse a truth or text where numbers are asked, and a fraction where whole ones are.

    Raises:
        ValueError: it is not of these kinds.
    """
    if not kinds & {int, float} or type(value) in kinds:
        return
    whole = "a whole number" if float not in kinds else "a number"
    if isinstance(value, str) and str not in kinds:
        raise ValueError(f"{whole} is required, without quotation marks")
    if isinstance(value, bool) or (isinstance(value, float) and float not in kinds):
        raise ValueError(f"{whole} is required")


@functools.cache
def _kinds(model: type[BaseModel], field: str) -> frozenset[Any]:
    return frozenset(_parts(model.model_fields[field].annotation))


def _parts(annotation: Any) -> Iterator[Any]:
    """The classes of a union, and of what a tuple holds."""
    if get_origin(annotation) is None:
        yield annotation
        return
    parts = get_args(annotation)
    for part in parts[:1] if get_origin(annotation) is Annotated else parts:
        yield from _parts(part)
