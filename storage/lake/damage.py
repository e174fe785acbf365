"""Files of the lake that are no longer whole, put aside: nobody reads them, and what they held can be fetched anew."""

from collections.abc import Mapping, Sequence

from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder
from daycast.storage.terms.errors import FileDamaged


def damaged(folder: Folder) -> tuple[str, ...]:
    """The Parquet files in a folder that cannot be read to their end."""
    return tuple(name for name in folder.names() if name.endswith(".parquet") and not _whole(folder, name))


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


def _whole(folder: Folder, name: str) -> bool:
    try:
        parquet.read_table(folder, name)
    except FileDamaged:
        return False
    return True
