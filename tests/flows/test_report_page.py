"""``daycast report`` as a person types it: the pages' places, one clear message where there is nothing to tell."""

from pathlib import Path

import pytest

from tests.places import make_place


def test_nothing_has_run_yet(tmp_path):
    place = make_place(tmp_path)
    place.define()
    done = place.daycast("report")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["Nothing has run yet.", "Next: daycast run --sample"]


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_the_command_needs_no_server_and_says_where_the_pages_are(place):
    place.run()
    (place.root / "data" / "reports" / "mine.html").unlink()
    done = place.daycast("report", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    *places, following = done.stdout.splitlines()
    assert [Path(line).name for line in places] == ["mine.html", "index.html"]
    assert all(Path(line).stat().st_size > 1000 for line in places)
    assert following == "Next: daycast forecasts · daycast status"

    wrong = place.daycast("report", "yours")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("Error: A known pipeline is required: mine. Received: 'yours'.")
    assert "Traceback" not in wrong.stderr
