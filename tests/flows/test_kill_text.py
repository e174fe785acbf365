"""A run of a pipeline that predicts text that is killed, wherever that is: the next one makes what it would have."""

import pytest

from tests.flows.kills import FIRST, REUSE, Day, Trial, nursery
from tests.places import Place
from tests.stories import AS_OF, LATER, TABLE, pages, write_pages

pytestmark = pytest.mark.slow

NEEDED = {
    FIRST: ("epoch 1", "commit promote", "commit finish_run"),
    REUSE: ("rename lake/predictions", "commit finish_run"),
}
"""Before which writes a run is killed."""


class TextTrial(Trial):
    """A day of a pipeline that predicts text."""

    def _prepare(self, place: Place) -> None:
        write_pages(place.root / "pages", pages())
        place.define(base=TABLE, path=str(place.root / "pages"))
        if self.day.before:
            code = self._run(place, as_of=AS_OF, training=self.day.before, upkeep=False)
            assert code == 0, f"the run before ended with {code}"

    def _run(self, place: Place, **asked: object) -> int:
        return super()._run(place, **{"as_of": LATER, **asked})  # type: ignore[arg-type]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("day", [FIRST, REUSE], ids=lambda day: day.name)
def test_a_run_killed_before_a_write_is_done_again_to_the_rows_and_files_of_one_left_alone(
    tmp_path, prefect_server, day: Day
):
    with nursery(prefect_server) as order:
        trial = TextTrial(order, tmp_path, day)
        writes = trial.writes()
        assert len(writes) >= 15
        for name in NEEDED[day]:
            assert trial.kill(writes.index(name)) == name
    assert trial.found == []
