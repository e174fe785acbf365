"""Files of the lake that are no longer whole, put aside: nobody reads them, and what they held can be fetched anew."""

from collections.abc import Mapping, Sequence

from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder


def damaged(folders: Mapping[str, Folder]) -> dict[str, tuple[str, ...]]:
    """The Parquet files that cannot be read to their end, by the name of their folder; without those that have none."""
    found = {key: _damaged(folder) for key, folder in folders.items()}
    return {key: names for key, names in found.items() if names}


def _damaged(folder: Folder) -> tuple[str, ...]:
    names = (name for name in folder.names() if name.endswith(".parquet"))
    return tuple(name for name in names if parquet.whole_table(folder, name) is None)


def put_aside(files: Mapping[str, Sequence[str]], *, source: Mapping[str, Folder], aside: Folder) -> list[str]:
    """Move files; each is written in its new place before it is removed from the old one.

    Args:
        files: by the name of their folder.
        source: that folder, by the same name.
        aside: where a folder of that name takes them.

    Returns:
        Where they lie now.
    """
    for key, names in files.items():
        for name in names:
            (aside / key).write(name, source[key].read(name))
            source[key].remove(name)
    return [(aside / key).path(name) for key, names in files.items() for name in names]
