"""A folder, on this machine or behind an fsspec URL, whose files appear whole or not at all.

Every byte that daycast keeps outside the database is written through :class:`Folder`.
"""

import contextlib
import errno
import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import fsspec

from daycast.storage.terms.errors import StorageError
from daycast.storage.terms.text import address

_PARTIAL = ".partial-"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What an operating system says of a disk, a quota or a file that can take no more."""


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder on this machine that lives as long as the block.

    Raises:
        StorageError: there is no room for it, at its start or while the block works.
    """
    try:
        made = tempfile.TemporaryDirectory()
    except OSError as error:
        raise _no_room(error) from error
    with made as folder:
        try:
            yield Path(folder)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise _no_room(error) from error


class Folder:
    """A folder of files.

    Args:
        url: a path, or an fsspec URL such as ``s3://bucket/daycast`` or ``memory://daycast``.

    Raises:
        StorageError: from every method, where the folder cannot be read or written.
    """

    def __init__(self, url: str | Path) -> None:
        try:
            self.fs, self.root = fsspec.core.url_to_fs(str(url))
        except Exception as error:
            # Whatever a file system's client meets when it connects; its words may hold the URL's password.
            raise StorageError(
                "A folder, or an fsspec URL that can be used, is required for the storage. Received: "
                f"{address(str(url))} ({type(error).__name__}). Install what it needs and see that it answers, or set "
                "DAYCAST_STORAGE to another folder."
            ) from None
        self.local = self.fs.protocol == "file" or "file" in self.fs.protocol

    def __truediv__(self, name: str) -> "Folder":
        child = object.__new__(Folder)
        child.fs, child.local = self.fs, self.local
        child.root = f"{self.root.rstrip('/')}/{_inside(name)}"
        return child

    def __repr__(self) -> str:
        return f"Folder({self.url!r})"

    @property
    def url(self) -> str:
        """Where the folder is: a path on this machine, otherwise a URL."""
        return str(self.root) if self.local else str(self.fs.unstrip_protocol(self.root))

    def path(self, name: str) -> str:
        """The full path of a file, as the file system knows it."""
        return f"{self.root.rstrip('/')}/{_inside(name)}"

    def names(self) -> list[str]:
        """The files and folders in it, sorted; none where the folder does not exist."""
        with self._reading():
            try:
                entries = self.fs.ls(self.root, detail=False, refresh=True)
            except (FileNotFoundError, NotADirectoryError):
                return []
        names = (entry.rstrip("/").rsplit("/", 1)[-1] for entry in entries)
        return sorted(name for name in names if not name.startswith(_PARTIAL))

    def stamps(self) -> dict[str, tuple[int, object]]:
        """Size and time of change of every file in it, by name: what has the same is the same file."""
        with self._reading():
            try:
                entries = self.fs.ls(self.root, detail=True, refresh=True)
            except (FileNotFoundError, NotADirectoryError):
                return {}
        files = {entry["name"].rsplit("/", 1)[-1]: entry for entry in entries if entry["type"] == "file"}
        kept = (name for name in sorted(files) if not name.startswith(_PARTIAL))
        return {name: (int(files[name]["size"] or 0), _changed(files[name])) for name in kept}

    def exists(self, name: str) -> bool:
        """Whether a file or folder of this name is there."""
        with self._reading():
            return bool(self.fs.exists(self.path(name)))

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        with self._reading():
            return bytes(self.fs.cat_file(self.path(name)))

    def write(self, name: str, data: bytes) -> None:
        """Put a file in its place, whole, over one of the same name."""
        with self.writing(name) as file:
            file.write(data)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file to write to, that takes its place when the block ends well and vanishes when it does not."""
        place = self.path(name)
        beside = f"{place.rsplit('/', 1)[0]}/{_PARTIAL}{uuid.uuid4().hex}"
        with self._writing():
            self.fs.makedirs(place.rsplit("/", 1)[0], exist_ok=True)
            try:
                with self.fs.open(beside, "wb") as file:
                    yield file
                    if self.local:
                        file.flush()
                        os.fsync(file.fileno())
                self._rename(beside, place)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    self.fs.rm_file(beside)
                raise

    def publish(self, source: Path, name: str) -> None:
        """Put a local folder's files in place as the folder ``name``, whole; an existing one is left as it is."""
        if self.exists(name):
            return
        place, beside = self.path(name), f"{self.root.rstrip('/')}/{_PARTIAL}{uuid.uuid4().hex}"
        with self._writing():
            try:
                self.fs.makedirs(beside, exist_ok=True)
                for file in sorted(source.iterdir()):
                    self.fs.put_file(str(file), f"{beside}/{file.name}")
                self._rename(beside, place)
            finally:
                if self.fs.exists(beside):
                    self.fs.rm(beside, recursive=True)

    def remove(self, name: str) -> None:
        """Remove a file or folder; nothing happens where it is not there.

        On this machine it is gone at once, whole: a process that is killed leaves no half of it.
        """
        place = self.path(name)
        with self._writing(), contextlib.suppress(FileNotFoundError):
            if self.local:
                beside = f"{place.rsplit('/', 1)[0]}/{_PARTIAL}{uuid.uuid4().hex}"
                os.replace(place, beside)
                place = beside
            self.fs.rm(place, recursive=True)

    def newest_change(self, name: str) -> datetime | None:
        """When a file, or the last file below a folder, was written, aware UTC; none where there is no file."""
        with self._reading():
            times = [_utc(self.fs.modified(path)) for path in self.fs.find(self.path(name))]
        return max(times, default=None)

    def sizes(self) -> dict[str, int]:
        """Bytes of every file and folder in it, by name; what is below a folder counts as the folder's."""
        with self._reading():
            if not self.fs.exists(self.root):
                return {}
            files = self.fs.find(self.root, detail=True).items()
        found: dict[str, int] = {}
        start = len(self.root.rstrip("/")) + 1
        for path, info in files:
            name = path[start:].split("/", 1)[0]
            found[name] = found.get(name, 0) + int(info["size"] or 0)
        return found

    def clear_partial(self, *, before: datetime | None = None) -> int:
        """Remove what a killed process left half-written in this folder and below; returns how many.

        Args:
            before: aware; only what was written last before it, as what is younger may be in the making. By default
                all, which is right only where nothing else runs.
        """
        found = 0
        with self._writing():
            if not self.fs.exists(self.root):
                return 0
            for path in self.fs.find(self.root, withdirs=True):
                if path.rsplit("/", 1)[-1].startswith(_PARTIAL):
                    with contextlib.suppress(FileNotFoundError):
                        if before is None or self._written(path) < before:
                            self.fs.rm(path, recursive=True)
                            found += 1
        return found

    def _written(self, path: str) -> datetime:
        """When a file, or the last file below a folder or the folder itself, was written."""
        inside = self.fs.find(path) if self.fs.isdir(path) else []
        own = [] if self.fs.isdir(path) and not self.local else [path]
        return max((_utc(self.fs.modified(each)) for each in [*own, *inside]), default=datetime.min.replace(tzinfo=UTC))

    def _rename(self, beside: str, place: str) -> None:
        if self.local:
            os.replace(beside, place)
        else:
            self.fs.mv(beside, place, recursive=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"The storage folder must be writable. Received: {self.url}: {error.strerror or error}. "
                "Free space or change its permissions, or set DAYCAST_STORAGE to another folder."
            ) from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"The storage folder must be readable. Received: {self.url}: {error.strerror or error}. "
                "Check that it is there, or set DAYCAST_STORAGE to another folder."
            ) from error


def _no_room(error: OSError) -> StorageError:
    return StorageError(
        f"Room for temporary files is required. Received: {error.strerror or error}. Free space in the temporary "
        "folder, or set TMPDIR to another one."
    )


def _changed(entry: Mapping[str, object]) -> object:
    """What a file system gives that changes with a file: its time of change, or a tag of its contents."""
    return next((entry[key] for key in ("mtime", "LastModified", "updated", "ETag", "created") if key in entry), None)


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _inside(name: str) -> str:
    """Hold a name to the inside of its folder."""
    if not name or any(part in {"", ".", ".."} for part in name.split("/")):
        raise StorageError(
            f"A name inside the storage folder is required (no '..', no leading '/'). Received: {name!r}."
        )
    return name
