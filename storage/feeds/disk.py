"""Reading a file of this machine for a feed, within a limit of size."""

from pathlib import Path

from storage.errors import FeedRefused, FeedUnavailable
from storage.feeds.answers import decode

FILE_LIMIT = 1024 * 1024 * 1024
"""Bytes at most of a file, so that a mistaken path does not fill the memory."""


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
        return path.read_bytes()
    except OSError as error:
        raise FeedUnavailable(feed, symbol, f"{path} cannot be read: {error.strerror or error}") from None


def read_text(path: Path, *, feed: str, symbol: str, limit: int = FILE_LIMIT) -> str | None:
    """A file's text; None where it is not UTF-8 text. Raises as :func:`read_bytes` does."""
    return decode(read_bytes(path, feed=feed, symbol=symbol, limit=limit))
