"""The name of a text encoding."""

import codecs
from typing import Annotated

from pydantic import AfterValidator


def _known_encoding(name: str) -> str:
    try:
        "1".encode(codecs.lookup(name).name)
    except (LookupError, TypeError):
        raise ValueError(
            f"an encoding is one that Python knows, such as utf-8, utf-16, gbk, cp1252. Received: {name[:40]!r}"
        ) from None
    return name


EncodingName = Annotated[str, AfterValidator(_known_encoding)]
"""An encoding that Python knows."""
