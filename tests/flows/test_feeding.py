"""What one pipeline tells of documents is what another reads beside its values: the tables of docs/pipelines.md."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from daycast.storage.config.settings import Settings
from daycast.tasks.handover.stores import Stores
from tests.places import make_place
from tests.reviews import FIRST, TABLE, reviews, write_reviews

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

PAGE = Path(__file__).parents[2] / "docs" / "pipelines.md"
AS_OF = FIRST + timedelta(days=50)
TINY = {"cell": "gru", "units": [4], "epochs": 2, "batch_size": 16, "seed": 3}


def _query() -> str:
    """The documented one, of the names that are here."""
    section = PAGE.read_text(encoding="utf-8").split("## One pipeline feeds another", 1)[1].split("\n## ", 1)[0]
    table = tomllib.loads(re.search(r"```toml\n(.*?)```", section, flags=re.DOTALL)[1])
    query: str = table["moved"]["query"]
    return (
        query.replace("prices/SPY", "mine/A").replace("headlines", "reviews").replace("'positive'", "'good'").strip()
    ).replace("\n", " ")


def test_the_mean_of_a_days_documents_is_an_input_of_that_day(tmp_path: Path) -> None:
    place = make_place(tmp_path / "place")
    place.define(symbols=["A"])
    late = [{**row, "label": row["label"] * (n < 100), "labelled_at": row["labelled_at"] * (n < 100)}
            for n, row in enumerate(reviews())]  # fmt: skip
    write_reviews(place.root / "reviews.csv", late)
    place.define("reviews", base=TABLE, path=str(place.root / "reviews.csv"))
    place.define(
        "moved", base={}, feed="sql", url_from="DAYCAST_DATABASE_URL", query=_query(), time="valid_at",
        available_at="known_at", symbols=["A"], target="close", features=["close", "mood"], calendar="1D",
        difference={"close": "log"}, lookback=3, horizon=1, model=TINY,
    )  # fmt: skip
    for name in ("mine", "reviews", "moved"):
        summary = place.run(name, as_of=AS_OF)
        assert summary.status == "succeeded", summary
    told = pd.DataFrame(place.table("labels"))
    good = told["probability"].where(told["label"] == "good", 1 - told["probability"])
    wanted = good.groupby(told["published_at"].dt.floor("D")).mean()
    rows = Stores(Settings(storage=str(place.root / "data"))).observations("moved").read("A", as_of=AS_OF)
    seen = rows.set_index("observed_at")["mood"]
    assert len(seen) > 30
    assert seen.to_numpy() == pytest.approx(wanted.loc[seen.index].to_numpy())
    assert set(rows["available_at"]) == {pd.Timestamp(AS_OF)}, "the mood is known when the labels were told"
    early = Stores(Settings(storage=str(place.root / "data"))).observations("moved")
    assert early.read("A", as_of=AS_OF - timedelta(hours=1)).empty
