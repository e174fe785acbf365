"""Reading a file of this machine for a feed, within a limit of size."""

import hashlib
from pathlib import Path

from daycast.storage.feeds.reading.answers import decode
from daycast.storage.terms.errors import FeedRefused, FeedUnavailable

FILE_LIMIT = 1024 * 1024 * 1024
"""Bytes at most of a file, so that a mistaken path does not fill the memory."""
TEXT_LIMIT = FILE_LIMIT // 4
"""Bytes at most of a text, whose rows take several times as much memory as they are read."""


def read_bytes(path: Path, *, feed: str, symbol: str, limit: int = FILE_LIMIT) -> bytes:
    """A file's bytes.

    Raises:
        FeedUnavailable: there is no such file, or it cannot be read.
        FeedRefused: it is larger than the limit.
    """
    try:
        if not path.is_file():
            raise FeedUnavailable(feed, symbol, f"there is no file {path}")
        size = path.stat().st_size
        if size > limit:
            raise FeedRefused(feed, symbol, f"{path} has {size:,} bytes; at most {limit:,} are read")
        with path.open("rb") as file:
            data = file.read(limit + 1)  # it may grow meanwhile
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise FeedUnavailable(feed, symbol, f"{path} cannot be read: {said}") from None
    if len(data) > limit:
        raise FeedRefused(feed, symbol, f"{path} has more than {limit:,} bytes; at most that many are read")
    return data


def read_text(
    path: Path, *, feed: str, symbol: str, limit: int = TEXT_LIMIT, encoding: str | None = None
) -> str | None:
    """A file's text; None where it is no text of the encoding, UTF-8 by default. Raises as :func:`read_bytes` does."""
    return decode(read_bytes(path, feed=feed, symbol=symbol, limit=limit), encoding=encoding)


def digest(path: Path, *, of: str) -> str | None:
    """A number over the bytes of a file, or of all files below a folder, and over a text.

    Args:
        path: the file or the folder.
        of: the text.

    Returns:
        24 hexadecimal digits; none where a file cannot be read.
    """
    whole = hashlib.sha256(of.encode())
    try:
        for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if part.is_file() or not path.is_dir():
                with part.open("rb") as file:
                    whole.update(f"{part.relative_to(path)} ".encode() + hashlib.file_digest(file, "sha256").digest())
    except (OSError, ValueError):
        return None
    return whole.hexdigest()[:24]
