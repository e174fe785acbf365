"""A run on documents that is killed, wherever that is: the next one makes what it would have."""

import pytest

from tests.flows.document_kills import LabelTrial, TextTrial
from tests.flows.kills import FIRST, REUSE, Day, nursery

pytestmark = pytest.mark.slow

NEEDED = {
    FIRST: ("epoch 1", "insert into model_versions", "commit promote", "commit finish_run"),
    REUSE: ("rename lake/predictions", "commit finish_run"),
}
"""Before which writes a run is killed."""


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
