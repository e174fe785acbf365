"""Keys and values as a TOML file has them."""

import json
from collections.abc import Mapping
from typing import Any

_BARE = frozenset("-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def toml_key(name: str) -> str:
    """A key, in quotation marks where it is not a bare one.

    >>> toml_key("close"), toml_key("adj close"), toml_key("a.b")
    ('close', '"adj close"', '"a.b"')
    """
    return name if name and _BARE.issuperset(name) else _text(name)


def toml_value(value: Any) -> str:
    """A value on one line; a key of a table that is None is left out, as TOML has no such thing.

    Args:
        value: text, a finite number, a truth, or lists and tables of these.

    >>> toml_value({"cell": "gru", "units": [64], "linear": True, "dropout": 0.1, "start": None})
    '{ cell = "gru", units = [64], linear = true, dropout = 0.1 }'
    """
    if isinstance(value, Mapping):
        there = (f"{toml_key(name)} = {toml_value(each)}" for name, each in value.items() if each is not None)
        inside = ", ".join(there)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """As JSON has it, but that TOML knows no plain delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
