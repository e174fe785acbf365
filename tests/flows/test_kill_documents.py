"""A run on documents that is killed, wherever that is: the next one makes what it would have."""

from types import ModuleType

import pytest

from tests import reviews, stories
from tests.flows.kills import FIRST, REUSE, Day, Trial, nursery
from tests.places import Place

pytestmark = pytest.mark.slow

NEEDED = {
    FIRST: ("epoch 1", "commit promote", "commit finish_run"),
    REUSE: ("rename lake/predictions", "commit finish_run"),
}
"""Before which writes a run is killed."""


class LabelTrial(Trial):
    """A day of a pipeline that predicts labels."""

    of: ModuleType = reviews

    def _prepare(self, place: Place) -> None:
        self._define(place)
        if self.day.before:
            code = self._run(place, as_of=self.of.AS_OF, training=self.day.before, upkeep=False)
            assert code == 0, f"the run before ended with {code}"

    def _define(self, place: Place) -> None:
        reviews.write_reviews(place.root / "reviews.csv", reviews.reviews())
        place.define(base=reviews.TABLE, path=str(place.root / "reviews.csv"))

    def _run(self, place: Place, **asked: object) -> int:
        return super()._run(place, **{"as_of": self.of.LATER, **asked})  # type: ignore[arg-type]


class TextTrial(LabelTrial):
    """A day of a pipeline that predicts text."""

    of = stories

    def _define(self, place: Place) -> None:
        stories.write_pages(place.root / "pages", stories.pages())
        place.define(base=stories.TABLE, path=str(place.root / "pages"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("day", [FIRST, REUSE], ids=lambda day: day.name)
@pytest.mark.parametrize(("kind", "least"), [(LabelTrial, 20), (TextTrial, 15)], ids=["labels", "text"])
def test_a_run_killed_before_a_write_is_done_again_to_the_rows_and_files_of_one_left_alone(
    tmp_path, prefect_server, kind: type[LabelTrial], least: int, day: Day
):
    with nursery(prefect_server) as order:
        trial = kind(order, tmp_path, day)
        writes = trial.writes()
        assert len(writes) >= least
        for name in NEEDED[day]:
            assert trial.kill(writes.index(name)) == name
    assert trial.found == []
