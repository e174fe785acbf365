"""Values that keys of the pipeline file take: one line of text, an address on the net, a time zone."""

from typing import Annotated

from pydantic import AfterValidator, PlainSerializer

from daycast.storage.terms.schedule import zone
from daycast.storage.terms.text import address, why_no_url

_LONGEST = 1000


def _one_line(text: str) -> str:
    if text and not (text.isprintable() and len(text) <= _LONGEST):
        raise ValueError(
            f"text is one line of {_LONGEST} letters at most, without control characters. Received: {text[:80]!r}"
        )
    return text


def _http_only(url: str) -> str:
    if wrong := why_no_url(url):
        raise ValueError(f"a url begins with http:// or https://, and names a host. Received: {wrong}")
    return url


def _known_zone(name: str) -> str:
    zone(name)
    return name


OneLine = Annotated[str, AfterValidator(_one_line)]
"""Text of one line, such as a column's name or a path."""

Url = Annotated[str, AfterValidator(_http_only), PlainSerializer(address, return_type=str)]
"""Where something is on the net. What is written down of it is its address: credentials and tokens stay in the
pipeline file, so that a field of this type is declared with ``repr=False``."""

ZoneName = Annotated[str, AfterValidator(_known_zone)]
"""An IANA name of a time zone."""
