"""Telling data from the bodies that servers send with status 200 in their place."""

import html
import json
import re

from daycast.storage.terms.text import quote

_PHRASES = re.compile(
    r"exceeded the daily hits limit|no data\b|too many requests|edge: |rate limit|will be right back|"
    r"access denied|forbidden|unauthori[sz]ed|service unavailable|bad gateway|not found|error\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def decode(body: bytes, *, encoding: str | None = None) -> str | None:
    """The body as text, without a byte order mark; None where it is no text of this encoding, UTF-8 by default."""
    try:
        text = body.decode(encoding or "utf-8-sig").removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        return None
    return None if "\x00" in text else text


def why_no_table(text: str | None, *, separator: str | None = None) -> str | None:
    r"""Why a body cannot be a table, or None where it may be one.

    >>> why_no_table("Exceeded the daily hits limit")
    "a message instead of data: 'Exceeded the daily hits limit'"
    >>> why_no_table("<html><title>Sign in</title></html>")
    "an HTML page instead of data: 'Sign in'"
    >>> why_no_table('{"error": "Invalid API key"}')
    'a JSON answer instead of a table: \'{"error": "Invalid API key"}\''
    >>> why_no_table("date,close\n2020-01-02,1.0\n")
    """
    if text is None:
        return "an answer that is no UTF-8 text"
    start = text.lstrip()
    if not start:
        return "an empty answer"
    if start.startswith("<"):
        return f"an HTML page instead of data{_title(start)}"
    if start[0] in "{[":
        return f"a JSON answer instead of a table: {quote(start)}"
    first = start.splitlines()[0]
    if _PHRASES.match(first) or not set(first) & set(separator or ",;\t|"):
        return f"a message instead of data: {quote(first)}"
    return None


def why_no_json(text: str | None) -> str | None:
    r"""Why a body cannot be a JSON object, or None where it is one.

    >>> why_no_json('{"chart": {}}')
    >>> why_no_json('{"chart": ')
    'JSON that breaks off or is damaged: \'{"chart":\''
    """
    if text is None:
        return "an answer that is no UTF-8 text"
    start = text.lstrip()
    if not start:
        return "an empty answer"
    if start.startswith("<"):
        return f"an HTML page instead of data{_title(start)}"
    if not start.startswith("{"):
        return f"a message instead of data: {quote(start)}"
    return None if _is_json(start) else f"JSON that breaks off or is damaged: {quote(start)}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _title(page: str) -> str:
    found = _TITLE.search(page[:20_000])
    return f": {quote(html.unescape(found[1]))}" if found else ""
