"""Names held to those that there are."""

import difflib
from collections.abc import Collection, Sequence

from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.text import listed


def require_known(name: str, known: Sequence[str], *, kind: str) -> None:
    """Hold a name to being one of those that there are; the message offers the nearest.

    Raises:
        ConfigError: it is none of them.
    """
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    there = listed(known) if known else "none yet"
    raise ConfigError(f"A known {kind} is required: {there}. Received: {name!r}.{hint}")


def nearest_first(name: str, known: Collection[str]) -> list[str]:
    """Names, the most alike to another one first, as a message can list but a few.

    >>> nearest_first("lookbak", ["calendar", "lookback"])
    ['lookback', 'calendar']
    """
    return sorted(known, key=lambda other: (-difflib.SequenceMatcher(None, name, other).ratio(), other))
