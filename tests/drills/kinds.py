"""A pipeline ``mine`` of each kind, for the drills: what it reads comes day by day, as the prices of ``places`` do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import places, reviews, stories
from tests.places import Place, make_place


@dataclass(frozen=True)
class Kind:
    """What a drill knows of a kind of pipeline.

    Attributes:
        predicts: its name.
        table: what a run writes, row by row.
        run: the columns of which all rows are of one run.
        define: adds ``mine`` to a place.
    """

    predicts: str
    table: str
    run: str
    define: Callable[..., Any]

    def place(self, root: Path, database_url: str | None, **keys: Any) -> Place:
        """A place with the pipeline."""
        place = make_place(root, database_url)
        self.define(place, **keys)
        return place

    @property
    def mixtures(self) -> str:
        """Rows that more than one run wrote, in SQL."""
        return f"SELECT {self.run} FROM {self.table} GROUP BY {self.run} HAVING COUNT(DISTINCT run_id) <> 1"  # noqa: S608


def _values(place: Place, **keys: Any) -> None:
    place.define(**keys)


def _labels(place: Place, **keys: Any) -> None:
    path, a_day = place.root / "reviews.csv", 24 // int(reviews.EVERY.total_seconds() // 3600)
    reviews.write_reviews(path, reviews.reviews(a_day * places.DAYS))
    place.define(base=reviews.TABLE, path=str(path), **_shared(keys))


def _text(place: Place, **keys: Any) -> None:
    stories.write_pages(place.root / "pages", stories.pages(places.DAYS))
    place.define(base=stories.TABLE, path=str(place.root / "pages"), **_shared(keys))


def _shared(keys: dict[str, Any]) -> dict[str, Any]:
    """Without the rule that only a pipeline of values has."""
    rules = {name: each for name, each in keys.get("training", {}).items() if name != "fine_tune_epochs"}
    return {**keys, "training": rules} if rules else keys


VALUES = Kind("values", "forecasts", "series_id, origin", _values)
LABELS = Kind("labels", "labels", "pipeline, as_of", _labels)
TEXT = Kind("text", "texts", "pipeline, as_of", _text)
KINDS = {kind.predicts: kind for kind in (VALUES, LABELS, TEXT)}
