"""Text for the tests of pipelines that predict text: a page a day in a folder."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.tasks.handover.documents_job import TextJob
from tests.places import Place

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
COUNT = 60
"""Pages, one a day."""
AS_OF = FIRST + timedelta(days=40)
"""41 pages are there then."""
LATER = AS_OF + timedelta(days=5)
TABLE: Mapping[str, Any] = {
    "predicts": "text",
    "feed": "files",
    "lookback": 12,
    "model": {"cell": "gru", "units": [16], "embedding": 8, "epochs": 6, "batch_size": 8, "learning_rate": 0.02,
              "seed": 3},
    "samples": {"count": 2, "length": 60, "prompt": "The cat <b>"},
}  # fmt: skip
"""A pipeline that trains in a moment."""

Pages = dict[str, str]


def pages(count: int = COUNT) -> Pages:
    """Texts by the name of their file, oldest first."""
    random = np.random.default_rng(5)
    return {f"page-{number:03d}": _page(random) for number in range(count)}


def _page(random: np.random.Generator) -> str:
    said = (f"The {random.choice(['cat', 'dog'])} {random.choice(['sat', 'ran'])} <b>here</b>.\n" for _ in range(4))
    return "".join(said)


def write_pages(folder: Path, found: Pages) -> None:
    """Write each into a file that was changed last on its day, and remove what else is there."""
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for name, text in found.items():
        file = folder / f"{name}.txt"
        file.write_text(text, encoding="utf-8")
        at = (FIRST + timedelta(days=int(name.removeprefix("page-")))).timestamp()
        os.utime(file, (at, at))


def story_place(
    root: Path, database_url: str | None = None, *, change: Callable[[Pages], Pages] = dict, **keys: Any
) -> Place:
    """A place with the pipeline ``mine`` on pages."""
    root.mkdir(parents=True, exist_ok=True)
    place = Place(root=root, database_url=database_url or f"sqlite:///{root / 'data' / 'daycast.sqlite'}")
    write_pages(root / "pages", change(pages()))
    place.define("mine", base=TABLE, path=str(root / "pages"), **keys)
    return place


def story_job(place: Place, *, as_of: datetime = AS_OF, now: datetime | None = None) -> TextJob:
    """What tasks are given; by default in time."""
    spec = load_pipelines(place.settings.pipelines)["mine"]
    assert isinstance(spec, TextPipeline)
    return TextJob(pipeline=spec, as_of=as_of, now=now or as_of, settings=place.settings)
