"""Which shard each symbol of a pipeline is in: a place that it keeps, whoever comes and goes."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from daycast.storage.lake.folder import Folder

MOST_SERIES = 500
"""Series of a shard at most: a few MiB a column, and a few tenths of a second to read, to judge and to window."""

_FILE = "_shards.json"


@dataclass(frozen=True, kw_only=True)
class Shards:
    """The shards of a pipeline.

    Attributes:
        places: by symbol, its shard.
    """

    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The shards, in their order."""
        return tuple(sorted(set(self.places.values())))

    def among(self, symbols: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """By shard, those of some symbols that are in it, in the order given; a symbol without a place is in none.

        >>> Shards(places={"A": "_0000", "B": "_0001", "C": "_0000"}).among(["C", "B", "A", "D"])
        {'_0000': ('C', 'A'), '_0001': ('B',)}
        """
        found: dict[str, list[str]] = {}
        for symbol in symbols:
            if (shard := self.places.get(symbol)) is not None:
                found.setdefault(shard, []).append(symbol)
        return {shard: tuple(found[shard]) for shard in sorted(found)}

    def with_places(self, symbols: Sequence[str], *, most: int) -> "Shards":
        """These shards, with the first free place for each symbol that has none yet; nobody moves.

        >>> Shards(places={"A": "_0000"}).with_places(["A", "B", "C"], most=2).places
        {'A': '_0000', 'B': '_0000', 'C': '_0001'}
        """
        places = dict(self.places)
        taken = Counter(places.values())
        number = 0
        for symbol in symbols:
            if symbol not in places:
                while taken[shard_name(number)] >= most:
                    number += 1
                places[symbol] = shard_name(number)
                taken[shard_name(number)] += 1
        return Shards(places=places)


def shard_name(number: int) -> str:
    """A shard's name, which no symbol can have.

    >>> shard_name(7)
    '_0007'
    """
    return f"_{number:04d}"


def is_shard(name: str) -> bool:
    """Whether a folder of this name is a shard's."""
    return name.startswith("_") and name[1:].isdigit()


def read_shards(folder: Folder) -> Shards:
    """The shards that a folder notes; none where it notes none yet, or the note is damaged: the data say it too."""
    if not folder.exists(_FILE):
        return Shards()
    try:
        noted = json.loads(folder.read(_FILE))
    except ValueError:
        return Shards()
    sound = isinstance(noted, dict) and all(is_shard(str(shard)) for shard in noted.values())
    return Shards(places=noted) if sound else Shards()


def write_shards(folder: Folder, shards: Shards) -> None:
    """Note the shards in a folder."""
    folder.write(_FILE, json.dumps(dict(shards.places), indent=0).encode())
