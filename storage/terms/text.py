"""Addresses on the net: what may be asked, and what may be shown of them; and names as a message lists them."""

from collections.abc import Sequence
from urllib.parse import urlsplit


def address(url: str) -> str:
    """Scheme, host and path of a URL: what may be shown of it, since passwords and tokens stand elsewhere.

    >>> address("https://user:secret@example.org/a.csv?token=secret")
    'https://example.org/a.csv'
    >>> address("not a url")
    'no URL'
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return "no URL"
    if not name:
        return f"{parts.scheme}:" if parts.scheme else "no URL"
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}{f':{port}' if port else ''}{parts.path}"


def why_no_url(url: str) -> str | None:
    """What is wrong with a URL, without what in it may be secret."""
    if not url.isprintable() or " " in url:
        return "one with spaces or control characters"
    shown = address(url)
    return None if shown.startswith(("http://", "https://")) else repr(shown)


def few(names: Sequence[str], *, most: int = 5) -> str:
    """Names as a message lists them: the first few, and how many more there are.

    >>> few(["A", "B"])
    'A, B'
    >>> few([f"S{number}" for number in range(482)])
    'S0, S1, S2, S3, S4 and 477 more'
    """
    rest = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {rest:,} more" if rest > 0 else shown
