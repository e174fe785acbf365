"""A pipeline that predicts text, through the daily flow: point in time, twice the same, and what goes wrong."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.places import WALL_CLOCK, Place
from tests.postgres import new_database
from tests.stories import AS_OF, FIRST, LATER, Pages, pages, story_place, write_pages

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_a_run_leaves_its_samples_and_a_row_says_who_wrote_them(written: Place) -> None:
    (run,) = written.table("runs")
    (version,) = written.table("model_versions")
    assert (run["status"], run["training"], version["stage"]) == ("succeeded", "retrain", "champion")
    rows = written.table("texts")
    assert [(row["sample"], row["seed"], len(row["text"])) for row in rows] == [(1, 7, 60), (2, 8, 60)]
    assert {(row["prompt"], row["version"], row["temperature"]) for row in rows} == {
        ("The cat <b>", version["version"], 0.8)
    }
    assert {row["forecaster"] for row in rows} <= {"network", "ngram"}
    served = [
        row["value"]
        for row in written.table("evaluations")
        if (row["forecaster"], row["split"], row["metric"]) == (rows[0]["forecaster"], "test", "bits_per_character")
    ]
    assert {row["bits_per_character"] for row in rows} == set(served)


def test_everybody_is_scored_on_both_held_out_parts(written: Place) -> None:
    rows = written.table("evaluations")
    assert {(row["forecaster"], row["split"]) for row in rows} == {
        (name, part) for name in ("unigram", "ngram", "network") for part in ("validation", "test")
    }
    assert {(row["series_id"], row["lead"]) for row in rows} == {("*", 0)}
    told = {(row["forecaster"], row["metric"]): row["value"] for row in rows if row["split"] == "test"}
    assert {metric for _, metric in told} == {"perplexity", "bits_per_character", "skill"}
    assert told["network", "perplexity"] < told["unigram", "perplexity"]
    assert 1 < told["ngram", "perplexity"] < told["unigram", "perplexity"]
    for name in ("unigram", "ngram", "network"):
        # Of characters one is a function of the other, but for the first, which nobody is asked.
        n = next(row["n"] for row in rows if (row["forecaster"], row["split"]) == (name, "test"))
        assert 2 ** told[name, "bits_per_character"] == pytest.approx(
            told[name, "perplexity"] ** (n / (n + 1)), rel=1e-6
        )


@pytest.mark.slow
def test_the_page_shows_samples_as_text_with_the_loss_and_everybodys_perplexity(written: Place) -> None:
    page = (written.root / "data" / "reports" / "mine.html").read_text()
    assert "<b>here" not in page
    assert "<b>The cat &lt;b&gt;</b>" in page, "the prompt, and what it has in it as text"
    assert page.count("<pre>") == 2
    assert page.count("<img") == 1, "the loss"
    for name in ("network", "ngram", "unigram", "perplexity", "bits a character"):
        assert name in page
    logs = written.daycast("logs", "mine").stdout
    assert "<b>" not in logs
    assert "prepared: a text of 41 documents" in logs


def test_the_same_run_again_leaves_the_same_rows_and_no_more(written: Place) -> None:
    before, files = written.tables(leave=WALL_CLOCK), _lasting(written)
    assert written.run(as_of=AS_OF).training == "retrain"
    assert written.tables(leave=WALL_CLOCK) == before
    assert _lasting(written) == files


def _lasting(place: Place) -> dict[str, str]:
    return {name: digest for name, digest in place.files().items() if name.startswith("lake/")}


@pytest.mark.slow
def test_a_later_run_reads_what_is_new_and_the_champion_goes_on(written: Place) -> None:
    before = _lasting(written)
    summary = written.run(as_of=LATER)
    assert summary.training == "reuse", summary
    assert "there are new data, and the next retrain reads them" in summary.message
    after = _lasting(written)
    assert {name for name in before if name.startswith("lake/documents")} <= set(after)
    assert len([name for name in after if name.startswith("lake/sequences")]) == 1
    first, second = ([row for row in written.table("texts") if row["as_of"] == at] for at in (AS_OF, LATER))
    assert [row["text"] for row in first] == [row["text"] for row in second], "the same version and seeds"
    retrained = written.run(as_of=LATER + timedelta(days=8))
    assert retrained.training == "retrain", retrained
    assert len(written.table("model_versions")) == 2


@pytest.mark.slow
def test_nothing_that_came_after_as_of_changes_a_bit(written: Place, tmp_path: Path) -> None:
    def altered(found: Pages) -> Pages:
        edge = FIRST + timedelta(days=40)
        return {
            name: "Something else §" if FIRST + timedelta(days=int(name[-3:])) > edge else text
            for name, text in found.items()
        }

    other = story_place(tmp_path / "other", change=altered)
    other.run(as_of=AS_OF)
    assert other.tables(leave=WALL_CLOCK) == written.tables(leave=WALL_CLOCK)
    # What is written anew into a page that was known counts from when it was read.
    write_pages(written.root / "pages", {**pages(), "page-003": "Something else §"})
    written.run(as_of=AS_OF)
    assert written.tables(leave=WALL_CLOCK) == other.tables(leave=WALL_CLOCK)


def test_a_folder_that_is_gone_degrades_the_run_and_what_came_before_serves(written: Place) -> None:
    shutil.rmtree(written.root / "pages")
    summary = written.run(as_of=LATER)
    assert (summary.status, summary.quality) == ("degraded", "stale")
    assert "The text that came before serves." in summary.message
    assert summary.rows == 2


@pytest.mark.parametrize(
    ("keys", "how", "message"),
    [
        ({"lookback": 5000}, dict, "a training part longer than the lookback of 5000 tokens is required. Received: "),
        ({"lookback": 1000}, dict, "a validation part longer than the lookback of 1000 tokens"),
        ({}, lambda found: dict.fromkeys(found, "a" * 20), "at least 2 different characters are required. Received: 1"),
        (
            {"token": "word"},
            lambda found: dict.fromkeys(found, "word " * 20),
            "at least 2 different words are required",
        ),
        ({}, lambda found: dict.fromkeys(found, ""), "a training part longer than the lookback of 12 tokens"),
        ({"split": {"validation": 100_000}}, dict, "a training part longer than the lookback of 12 tokens"),
    ],
    ids=["lookback", "validation", "one character", "one word", "empty", "split"],
)
def test_what_cannot_be_learned_fails_in_a_line(
    tmp_path: Path, keys: dict[str, object], how: Callable[[Pages], Pages], message: str
) -> None:
    place = story_place(tmp_path / "place", change=how, **keys)
    summary = place.run(as_of=AS_OF)
    assert summary.status == "failed"
    assert message in summary.message, summary.message
    assert len(summary.message) <= 400
    assert not place.table("texts")


def test_before_the_first_page_there_is_nothing_and_a_line_says_so(written: Place) -> None:
    summary = written.run(as_of=FIRST - timedelta(days=1))
    assert summary.status == "failed"
    assert "as_of must lie after the first document of mine, which was available at 2024-01-01" in summary.message


def test_what_is_no_text_is_set_aside_and_counted(written: Place) -> None:
    (written.root / "pages" / "page-100.txt").write_bytes(b"\xff\xfe\xfa")
    summary = written.run(as_of=LATER)
    assert summary.status == "succeeded"
    assert "1 document: a file that is no utf-8 text; set encoding" in summary.message


@pytest.mark.slow
def test_strange_characters_go_the_whole_way_on_postgresql(tmp_path: Path, postgresql_server: str) -> None:
    """NUL, which PostgreSQL refuses, control characters, marks of direction, and scripts of every kind."""

    def strange(found: Pages) -> Pages:
        return {name: f"{text}\x00\x1b[31m 天气 שלום\u202e e\u0301 👩‍👧\r\n" for name, text in found.items()}

    with new_database(postgresql_server) as url:
        samples = {"count": 2, "length": 60, "temperature": 5.0, "prompt": "天\x00气\x1b\ud7ff"}
        place = story_place(tmp_path / "strange", url, change=strange, samples=samples)
        assert place.run(as_of=AS_OF).status == "succeeded"
        rows = place.table("texts")
        assert {row["prompt"] for row in rows} == {"天气"}
        assert len(rows) == 2
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", "".join(row["text"] for row in rows))


@pytest.mark.slow
def test_the_rows_are_the_same_on_postgresql(written: Place, tmp_path: Path, postgresql_server: str) -> None:
    with new_database(postgresql_server) as url:
        place = story_place(tmp_path / "twin", url)
        place.run(as_of=AS_OF)
        place.run(as_of=LATER)
        written.run(as_of=LATER)
        assert place.tables(leave=WALL_CLOCK) == written.tables(leave=WALL_CLOCK)


@pytest.mark.slow
def test_a_version_whose_file_was_changed_is_refused_and_made_anew(written: Place) -> None:
    version = written.table("model_versions")[0]["version"]
    (written.root / "data" / "models" / "mine" / version / "vocabulary.json").write_text("{}")
    assert written.daycast("models", "verify", "mine").returncode == 1
    refused = written.daycast("generate", "mine")
    assert refused.returncode == 1
    assert "vocabulary.json" in refused.stderr
    summary = written.run(as_of=LATER)
    assert summary.training == "retrain"
    assert summary.status == "degraded"
    assert written.daycast("generate", "mine").returncode == 0


@pytest.mark.slow
def test_words_are_written_too(tmp_path: Path) -> None:
    place = story_place(tmp_path / "words", token="word", vocabulary=6)  # noqa: S106 — a word, and no secret
    summary = place.run(as_of=AS_OF)
    assert summary.status == "succeeded", summary
    texts = [row["text"] for row in place.table("texts")]
    assert all(set(text.split()[:-1]) <= {"the", "cat", "dog", "sat", "ran", "here"} for text in texts)


@pytest.mark.slow
def test_a_backfill_makes_up_the_days_and_commands_answer(written: Place) -> None:
    done = written.daycast("backfill", "mine", "--from", "2024-02-11", "--to", "2024-02-13")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 days done" in done.stdout
    assert len(written.table("texts")) == 8
    shown = written.daycast("forecasts", "mine", "--format", "csv")
    assert shown.stdout.startswith("pipeline,as_of,sample,prompt,text")
    assert "sample 2" in written.daycast("forecasts", "mine").stdout
    assert "perplexity" in written.daycast("models", "show", "mine").stdout
    checked = written.daycast("check", "mine")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "a run would go well" in checked.stdout
    assert written.daycast("models", "verify", "mine").returncode == 0
    assert written.daycast("status").returncode in {0, 1}
    retrained = written.run(as_of=LATER + timedelta(days=20), training="retrain")
    if retrained.version != written.table("model_versions")[0]["version"]:
        assert len(written.table("model_versions")) == 2
    assert written.daycast("report", "mine").returncode == 0
    refused = written.daycast("forecasts", "mine", "--series", "mine/A")
    assert refused.returncode == 2
