"""What each symbol was last read from: a source that is what it was is not read again, and what was told of it stands.

One JSON file a pipeline beside the lake's validators. A note is written once the rows are stored, and not before.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from daycast.storage.lake.folder import Folder

_FILE = "sources.json"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One symbol's.

    Attributes:
        mark: a number over all that its rows are read from, and over how.
        aside: rows that were set aside, by whose they are and the reason.
        findings: what looked wrong and was left as it is.
    """

    mark: str
    aside: Mapping[tuple[str, str], int] = field(default_factory=dict)
    findings: tuple[str, ...] = ()


class Sources:
    """Those of one pipeline.

    Args:
        folder: the lake.
        pipeline: the pipeline's name.
    """

    def __init__(self, folder: Folder, pipeline: str) -> None:
        self._folder = folder / "feeds" / pipeline

    def read(self) -> dict[str, Source]:
        """By symbol; none where nothing is noted, or the note is damaged: then everything is read once more."""
        if not self._folder.exists(_FILE):
            return {}
        try:
            noted = json.loads(self._folder.read(_FILE))
            return {symbol: _source(*each) for symbol, each in noted.items()}
        except (ValueError, TypeError, AttributeError):
            return {}

    def write(self, sources: Mapping[str, Source]) -> None:
        """Note them in the place of those before."""
        noted = {
            symbol: [
                each.mark,
                [[whose, reason, count] for (whose, reason), count in each.aside.items()],
                each.findings,
            ]
            for symbol, each in sorted(sources.items())
        }
        data = json.dumps(noted, separators=(",", ":")).encode()
        if not self._folder.exists(_FILE) or self._folder.read(_FILE) != data:
            self._folder.write(_FILE, data)


def _source(mark: str, aside: list[tuple[str, str, int]], findings: list[str]) -> Source:
    return Source(
        mark=str(mark),
        aside={(str(whose), str(reason)): int(count) for whose, reason, count in aside},
        findings=tuple(map(str, findings)),
    )
