"""The figures that stand beside whoever serves are that one's own, in the run's table and on its page."""

import io
import re

import numpy as np
import pytest
from rich.console import Console

from daycast.flows.command.printing import print_run
from tests.places import DAYS, TINY, make_place

pytestmark = pytest.mark.slow  # two runs
UNTRAINED = {**TINY["model"], "epochs": 1, "learning_rate": 1e-6}
"""A network that says next to nothing, so that another serves."""


@pytest.fixture(scope="module")
def told(prefect_server, tmp_path_factory):  # noqa: ARG001 — the flow needs the server
    """What runs came to of which ridge and naive serve, and what was printed of them."""
    place = make_place(tmp_path_factory.mktemp("figures") / "place")
    place.write("W", 50 + np.random.default_rng(1).normal(size=DAYS).cumsum())
    place.define("weekly", model=UNTRAINED)
    place.define("walk", symbols=["W"], difference="none", model=UNTRAINED)
    summaries = [place.run("weekly"), place.run("walk")]
    assert [summary.forecaster for summary in summaries] == ["ridge", "naive"], summaries
    screen = io.StringIO()
    print_run(Console(file=screen, width=200), summaries)
    return place, screen.getvalue()


def _scores(place, pipeline, forecaster):
    return {
        row["metric"]: row["value"]
        for row in place.table("evaluations")
        if (row["pipeline"], row["forecaster"], row["split"]) == (pipeline, forecaster, "test")
        and (row["series_id"], row["lead"]) == ("*", 0)
    }


@pytest.mark.parametrize(("pipeline", "who"), [("weekly", "ridge"), ("walk", "naive")])
def test_the_table_of_a_run_has_those_of_the_forecaster_that_serves(told, pipeline, who):
    place, printed = told
    scores, naive = _scores(place, pipeline, who), _scores(place, pipeline, "naive")
    line = next(line for line in printed.splitlines() if line.startswith(f"{pipeline} "))
    skill = "0" if who == "naive" else f"{scores['skill']:+.3f}"
    assert line.split()[-5:-1] == [who, f"{scores['mae']:,.4g}", f"{naive['mae']:,.4g}", skill]


@pytest.mark.parametrize(("pipeline", "who"), [("weekly", "ridge"), ("walk", "naive")])
def test_the_tiles_of_the_page_are_of_the_forecaster_that_serves(told, pipeline, who):
    place, _ = told
    scores = _scores(place, pipeline, who)
    page = (place.root / "data" / "reports" / f"{pipeline}.html").read_text()
    tiles = re.sub(r"<[^>]+>", " ", page.split('<ul class="tiles">')[1].split("</ul>")[0])
    skill = "0" if who == "naive" else f"{scores['skill']:+.3f}"
    assert re.search(rf"{who}, test MAE +{scores['mae']:,.4g} ", tiles), tiles
    assert re.search(rf"{who}, skill +{re.escape(skill)} ", tiles), tiles
    assert "network" not in tiles
