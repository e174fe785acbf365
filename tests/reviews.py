"""Documents for the tests of pipelines that predict labels: praise and blame by the hour, labelled a day later."""

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tests.places import Place

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
COUNT = 300
"""Documents, one every four hours."""
EVERY, WAIT = timedelta(hours=4), timedelta(days=1)
AS_OF = FIRST + timedelta(days=40)
"""Some 240 documents have come then, and the labels of all but the last six."""
LATER = AS_OF + timedelta(days=5)
TABLE: Mapping[str, Any] = {
    "predicts": "labels",
    "feed": "files",
    "labelled_at": "labelled_at",
    "length": 8,
    "vocabulary": 60,
    "model": {"cell": "gru", "units": [4], "embedding": 6, "epochs": 3, "batch_size": 16,
              "learning_rate": 0.02, "seed": 3},
}  # fmt: skip
"""A pipeline that trains in a moment."""

Review = dict[str, str]


def reviews(count: int = COUNT) -> list[Review]:
    """Rows of a file, oldest first; a few labels are wrong."""
    random = np.random.default_rng(5)
    return [_review(number, random) for number in range(count)]


def _review(number: int, random: np.random.Generator) -> Review:
    good = bool(random.random() < 0.5)
    words = ["warm", "clever", "fresh", "moving"] if good else ["dull", "stale", "cold", "noisy"]
    published = FIRST + EVERY * number
    said = good if random.random() > 0.06 else not good
    thing = random.choice(["The room", "The film", "The food"])
    return {
        "document_id": f"r{number:04d}",
        "text": f"{thing} was {random.choice(words)}. <script>alert(1)</script>",
        "published_at": published.isoformat(),
        "label": "good" if said else "bad",
        "labelled_at": (published + WAIT).isoformat(),
    }


def write_reviews(path: Path, rows: list[Review]) -> None:
    """Write a CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=["document_id", "text", "published_at", "label", "labelled_at"])
        writer.writeheader()
        writer.writerows(rows)


def review_place(
    root: Path, database_url: str | None = None, *, change: Callable[[list[Review]], list[Review]] = list, **keys: Any
) -> Place:
    """A place with the pipeline ``mine`` on reviews."""
    root.mkdir(parents=True, exist_ok=True)
    place = Place(root=root, database_url=database_url or f"sqlite:///{root / 'data' / 'daycast.sqlite'}")
    write_reviews(root / "reviews.csv", change(reviews()))
    place.define("mine", base=TABLE, path=str(root / "reviews.csv"), **keys)
    return place
