"""What may stand in a message: addresses on the net without their secrets, pieces of text, lists of names."""

from collections.abc import Sequence
from urllib.parse import urlsplit

_QUOTED, _NAME = 80, 40


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


def printable(text: str) -> str:
    r"""A text without what a terminal would obey.

    >>> printable("\x1b[2Jname")
    '?[2Jname'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def quote(text: str) -> str:
    r"""The beginning of a text, on one line, fit for a message.

    >>> quote("a\nb")
    "'a b'"
    """
    flat = printable(" ".join(text.split()))
    return repr(flat if len(flat) <= _QUOTED else flat[: _QUOTED - 1] + "…")


def listed(names: Sequence[str], *, most: int = 5) -> str:
    """Names as a message lists them: the first few, none longer than forty letters, and how many more there are.

    >>> listed(["date", "close", "x" * 100])
    'date, close, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    >>> listed([f"S{number}" for number in range(482)])
    'S0, S1, S2, S3, S4 and 477 more'
    """
    shown = ", ".join(name if len(name) <= _NAME else name[: _NAME - 1] + "…" for name in names[:most])
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return printable(shown) + rest


def counted(count: int, noun: str) -> str:
    """A number and what it counts.

    >>> counted(1, "day"), counted(2, "day"), counted(0, "series")
    ('1 day', '2 days', '0 series')
    """
    return f"{count:,} {noun}{'' if count == 1 or noun.endswith('s') else 's'}"
