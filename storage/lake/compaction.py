"""Many small files of the lake become one, and nothing is lost.

The whole file is written first and the small ones are removed after it, so that a reader always finds every row; one
that finds a row twice takes it once.
"""

from datetime import datetime

from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.rows import compact_files
from daycast.storage.terms.words import OBSERVED_AT

MOST_FILES = 32
"""Of one series: a run that finds more puts them together itself, as each costs every read of the series a little."""


def compact_rows(folder: Folder, *, before: datetime, files: int) -> int:
    """Put the files of observations, or of rows set aside, together: every vintage of every row stays.

    Args:
        folder: of files with one kind of rows.
        before: aware; files written later are left as they are.
        files: only where there are more than these.

    Returns:
        How many files became one.
    """
    names = _old_files(folder, before=before, files=files)
    if len(names) <= max(files, 1):
        return 0
    rows = parquet.read_frames(folder, names).drop_duplicates(ignore_index=True)
    # A name begins with the instant of the fetch: the whole takes the last one's.
    whole = f"{names[-1].split('-')[0]}-{len(rows):07d}-whole.parquet"
    parquet.write_frame(folder, whole, rows)
    return _replace(folder, names, whole)


def compact_windows(folder: Folder, *, before: datetime, files: int) -> int:
    """Put the files of one shard's windows together; of a row that is there twice, the later one stays.

    Args:
        folder: of one shard's windows.
        before: aware; files written later are left as they are.
        files: only where there are more than these.

    Returns:
        How many files became one.
    """
    names = _old_files(folder, before=before, files=files)
    if len(names) <= max(files, 1):
        return 0
    whole = compact_files(folder, names, time=OBSERVED_AT)
    return _replace(folder, names, whole)


def _old_files(folder: Folder, *, before: datetime, files: int) -> list[str]:
    """Those written before an instant; none where there are so few that their age need not be asked for."""
    names = [name for name in folder.names() if name.endswith(".parquet")]
    if len(names) <= files:
        return []
    dated = ((name, folder.newest_change(name)) for name in names)
    return [name for name, changed in dated if changed is not None and changed < before]


def _replace(folder: Folder, names: list[str], whole: str) -> int:
    for name in names:
        if name != whole:
            folder.remove(name)
    return len(names)
