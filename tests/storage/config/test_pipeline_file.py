"""The pipeline file: what is wrong in it is named, with what there is instead."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daycast.storage.config.pipeline_file import choose_pipelines, load_pipelines, parse_pipeline
from daycast.storage.feeds.document_keys import LabelFiles, TextFiles
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text_pipeline import TextPipeline
from tests.places import LONGEST_MESSAGE

TABLE: dict[str, Any] = {
    "feed": "yahoo", "symbols": ["AMZN"], "target": "close", "features": ["close"], "calendar": "XNYS",
    "lookback": 50, "horizon": 5,
}  # fmt: skip

DATED: dict[str, Any] = {"feed": "files", "path": "data/{symbol}.csv", "available_at": "told_at"}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pipelines.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_that_ships_is_right() -> None:
    pipelines = load_pipelines(Path("flows/pipelines.toml"))
    assert list(pipelines) == ["prices", "etth1", "etth1_days", "sample_reviews", "sample_diary"]
    assert pipelines["prices"].lookback == 50
    assert pipelines["prices"].model.cell == "lstm"
    assert pipelines["etth1"].columns == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lookbak": 3}, "unknown key 'lookbak'. The keys there are: lookback, .* more. Did you mean 'lookback'"),
        ({"epochs": 3}, "unknown key 'epochs'. The keys there are: .* more. Did you mean 'model.epochs'"),
        ({"training": {"lookback": 3}}, "unknown key 'training.lookback'. .* Did you mean 'lookback'"),
        ({"model": {"unit": [4]}}, "unknown key 'model.unit'. .* Did you mean 'units'"),
        ({"model": {"cel": "gru"}}, "unknown key 'model.cel'. The keys there are: .*cell"),
        ({"schedule": {"cron": "0 0 * * *", "zone": "UTC"}}, "unknown key 'schedule.zone'.*timezone, cron"),
        ({"training": {"margn": 1}}, "unknown key 'training.margn'.*margin"),
        ({"split": {"tset": 1}}, "unknown key 'split.tset'.*test"),
        ({"model": {"cell": "transformer"}}, "model.cell: .*'simple_rnn', 'lstm'.*'gru'.*Received: 'transformer'"),
        ({"feed": "bloomberg"}, "feed: .*'yahoo'.*Received: 'bloomberg'"),
        ({"calendar": "XNYX"}, "Received: 'XNYX'. Near it: XNYS"),
        ({"calendar": "0h"}, "a calendar is an exchange's code"),
        ({"symbols": ["../../etc/passwd"]}, r"no '\.\.'\)\. Received: '../../etc/passwd'"),
        ({"symbols": ["A..B"]}, "no '..'"),
        ({"symbols": ["A", "A"]}, "each symbol may stand once"),
        ({"symbols": []}, "symbols"),
        ({"lookback": 0}, "lookback: .*greater than 0. Received: 0"),
        (
            {"known": ["weekdy"]},
            "known names facts of the calendar: hour, .*'weekdy'. Did you mean 'weekday'",
        ),
        ({"known": ["warmth"]}, "or, on the feeds files and sql, columns whose future is given, with available_at"),
        ({"known": ["month:Europe/Berlin"]}, "of the facts only holiday, hour, weekday take a time zone"),
        ({"known": ["holiday:Germany"]}, "a country of two letters, such as holiday:DE, .* Did you mean 'DE'"),
        ({"known": ["holiday:XX"]}, "of which the package holidays knows the days. Received: 'XX'"),
        ({**DATED, "known": ["holidy:DE"]}, "known names facts .*Received: 'holidy:DE'. Did you mean 'holiday'"),
        ({"calendar": "W-FRI", "known": ["holiday:DE"]}, "holiday in known needs days, sessions or shorter steps"),
        ({"known": ["weekday:Berlin"]}, "a time zone such as Europe/Berlin. Received: 'weekday:Berlin'"),
        ({"known": ["weekday", "weekday"]}, "each name may stand once in known"),
        ({"calendar": "1h", "known": ["weekday", "weekday:UTC"]}, "each name may stand once in known"),
        ({"calendar": "1h", "known": ["hour:"]}, "a time zone such as Europe/Berlin. Received: 'hour:'"),
        ({"calendar": "1h", "known": ["holiday:DE:"]}, "a time zone such as Europe/Berlin. Received: 'holiday:DE:'"),
        ({"known": ["holiday:DE-"]}, "holiday takes a part of a country, such as DE-BY.* Received: 'DE-'"),
        ({"known": ["holiday:US:America/New_York"]}, "a session is a date wherever it is told.*Leave the zone out"),
        ({"calendar": "1D", "known": ["weekday:America/New_York"]}, "weekday in known takes a time zone where steps"),
        ({**DATED, "known": [""]}, "known has names of facts and columns. Received: an empty one"),
        ({**DATED, "known": ["told_at"]}, "columns of values. Received: told_at, which tells of when or whose"),
        ({**DATED, "known": ["date"]}, "columns of values. Received: date"),
        ({**DATED, "time": ["day", "at"], "features": ["at"]}, "columns of values. Received: at"),
        ({**DATED, "known": ["warmth"], "columns": {"warmth": "told_at"}}, "columns of values. Received: warmth"),
        ({"known": ["hour"]}, "hour in known needs a calendar of steps below a day. Received: 'XNYS'"),
        ({"calendar": "1h", "known": ["session_of_week"]}, "session_of_week in known needs days or sessions"),
        ({"horizon": "five"}, "horizon: .*Received: 'five'"),
        ({"difference": {"volume": "log"}}, r"difference names columns .*\['volume'\]"),
        ({"difference": "ratio"}, "difference"),
        ({"url": "file:///etc/passwd"}, "http:// or https://. and names a host. Received: 'file:'"),
        ({"model": {"cell": "segment_gru", "units": [8, 8]}}, r"segment_gru has one layer.*Received: units \[8, 8\]"),
        (
            {"model": {"cell": "segment_lstm", "bidirectional": True}},
            "model: bidirectional belongs to the cells simple_rnn, lstm, gru. Received: cell = 'segment_lstm'$",
        ),
        (
            {"model": {"cell": "gru", "linear": True}},
            "linear belongs to the cells segment_gru, segment_lstm. Received: cell = 'gru'",
        ),
        ({"model": {"cell": "lstm", "segment": 48}}, "model: segment belongs to the cells segment_gru, segment_lstm. "),
        ({"model": {"segment": 48, "linear": False}}, "segment and linear belong to the .*Received: cell = 'lstm'$"),
        ({"model": {"cell": "segment_gru", "segment": 7}}, "a multiple of segment, 7. Received: 50"),
        (
            {"candidates": [{"cell": "segment_gru", "segment": 7}]},
            "a multiple of segment, 7. Received: 50",
        ),
        (
            {"candidates": [{"cell": "gru"}, {"cel": "gru"}]},
            "unknown key 'candidates.1.cel'. The keys there are: .*cell",
        ),
        ({"candidates": [{"cell": "lstm"}]}, "model and candidates are networks of different settings"),
        ({"candidates": {"cell": "gru"}}, "candidates: "),
        (
            {"candidates": [{"seed": seed} for seed in range(9)]},
            "candidates: 8 at most may stand in the list. Received: 9$",
        ),
        ({"model": {"ridge_share": 0.5}, "lookback": 9000}, "lookback × features, at most 8192. Received: 9000"),
        ({"model": {"ridge_share": 1.0}}, "ridge_share"),
        ({"model": {"ridges": ["half"]}}, "ridges belongs to the cells segment_gru.*Received: cell = 'lstm'"),
        ({"model": {"cell": "segment_gru", "segment": 10, "ridges": ["half", "half"]}}, "is named once. Received: "),
        (
            {"model": {"cell": "segment_gru", "segment": 10, "ridges": ["half"]}},
            r"model: ridges are averaged in the forecast by ridge_share, which is 0: .*Received: ridges \['half'\]",
        ),
        (
            {"candidates": [{"cell": "segment_gru", "segment": 10, "ridges": [each]} for each in ("half", "window")]},
            "candidates.0: ridges are averaged in the forecast by ridge_share, which is 0: ",
        ),
        ({"model": {"cell": "segment_gru", "segment": 10, "ridges": []}}, "model.ridges"),
        ({"model": {"cycle": [24]}}, "cycle needs a calendar that is a frequency, such as 1h. Received: 'XNYS'"),
        ({"target": "open", "model": {"normalization": "last"}}, "need the target 'open' among the features"),
        ({"model": {"normalization": "median"}}, "model.normalization: .*'mean_std'.*Received: 'median'"),
        ({"model": {"weight_average": 1.0}}, "model.weight_average"),
        ({"model": {"members": 0}}, "model.members"),
        ({"training": {"live_days": 7}}, "training: only min_skill, .* look at live_days. Received: none of"),
        ({"split": {"validation": 0.6, "test": 0.5}}, "must leave a share for training. Received: 1.1"),
        ({"split": {"validation": 60.5}}, "validation is a share below 1, or a whole number. Received: 60.5"),
        ({"horizon": True}, "horizon: a whole number is required. Received: True"),
        ({"lookback": "50"}, "lookback: a whole number is required, without quotation marks. Received: '50'"),
        ({"lookback": 50.0}, "lookback: a whole number is required. Received: 50.0"),
        ({"model": {"units": 4}}, "model.units: a list is required, in brackets: .*Received: 4"),
        ({"model": {"units": [0]}}, r"model.units.0: Input should be greater than 0. Received: 0$"),
        ({"model": {"units": ["4"]}}, "model.units: a whole number is required, without quotation marks"),
        ({"model": {"learning_rate": float("inf")}}, "model.learning_rate: .*finite"),
        ({"model": "gru"}, "model: a table is required"),
        ({"start": 2020}, "start: a date is required, such as 2020-01-31. Received: 2020"),
        ({"unit": 5}, "unit: text in quotation marks is required. Received: 5"),
        ({"lookbak": 3, "horizon": 0}, "unknown key 'lookbak'.*Did you mean 'lookback'.*; horizon: "),
        ({"model": {"units": []}}, r"model.units: one at least is required. Received: \[\]$"),
        ({"model": {"dropout": 1.0}}, "model.dropout"),
        ({"feed": "files"}, "the key 'path' is required"),
        ({"feed": "files", "path": ""}, "path: text is required. Received: ''$"),
        ({"feed": "files", "path": "all.csv", "symbols": ["A", "B"]}, "symbol_column"),
        ({"feed": "sample"}, "must be named sample_"),
        ({"name": "other"}, "name"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_pipeline("prices", {**TABLE, **change})
    assert "[prices]" in str(caught.value)
    assert len(str(caught.value)) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"feed": "yahoo", "path": "a.csv"}, "'path' belongs to the feed ett or files. Received: feed = 'yahoo', "
                                             "whose own keys are: url$"),
        ({"feed": "yahoo", "source": "fred"}, "'source' belongs to the feed datareader. Received: feed = 'yahoo'"),
        ({"feed": "yahoo", "time": "date"}, "'time' belongs to the feed files"),
        ({"feed": "datareader", "symbol_column": "s"}, "'symbol_column' belongs to the feed files"),
        ({"feed": "ett", "timezone": "UTC"}, "'timezone' belongs to the feed files or sql. .*own keys are: path, url$"),
        ({"feed": "files", "path": "{symbol}.csv", "url": "https://h"}, "'url' belongs to the feed yahoo or datareader "
                                                                        "or ett"),
        ({"feed": "yahoo", "time": "t", "source": "s", "lookbak": 3}, "'time' belongs to the feed files or sql, "
         "'source' belongs .*; unknown key 'lookbak'. The keys there are: lookback, "),
        ({"feed": "ett", "url": "https://h/x", "path": "a.csv"}, "the feed 'ett' reads path or url. Received: both"),
    ],
)  # fmt: skip
def test_keys_of_another_feed_are_named_with_the_feed_that_has_them(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_pipeline("prices", {**TABLE, **table})
    assert "[prices]" in str(caught.value)
    assert len(str(caught.value)) <= LONGEST_MESSAGE


LABELS: dict[str, Any] = {"predicts": "labels", "feed": "files", "path": "reviews.parquet"}
TEXT: dict[str, Any] = {"predicts": "text", "feed": "files", "path": ["1.txt", "2.txt"]}


def test_what_is_predicted_chooses_the_kind_and_its_defaults() -> None:
    values, labels, text = (parse_pipeline("mine", table) for table in (TABLE, LABELS, TEXT))
    assert (values.predicts, labels.predicts, text.predicts) == ("values", "labels", "text")
    assert parse_pipeline("mine", {**TABLE, "predicts": "values"}) == values
    assert isinstance(labels, LabelFiles)
    assert (labels.label, labels.document, labels.time, labels.length) == ("label", "document_id", "published_at", 400)
    assert isinstance(text, TextFiles)
    assert (text.token, text.path, text.lookback, text.samples.count) == ("character", ("1.txt", "2.txt"), 128, 3)
    assert text.model.embedding == 64


def test_the_tables_of_the_contract_are_read() -> None:
    model = {"cell": "lstm", "units": [100], "embedding": 100, "bidirectional": True, "dropout": 0.4}
    labels = parse_pipeline("reviews", {**LABELS, "length": 300, "vocabulary": 20_000, "model": model})
    assert isinstance(labels, LabelsPipeline)
    assert (labels.length, labels.vocabulary, labels.model.bidirectional) == (300, 20_000, True)
    samples = {"count": 3, "length": 400, "temperature": 0.8, "prompt": " ROMEO:\n"}
    text = parse_pipeline("shakespeare", {**TEXT, "path": "all.txt", "lookback": 64, "samples": samples})
    assert isinstance(text, TextPipeline)
    assert text.samples.prompt == " ROMEO:\n", "a prompt is kept as it is written"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({**TABLE, "predicts": "words"}, "predicts: a pipeline predicts one of 'values', 'labels', 'text'. "
                                         "Received: 'words'"),
        ({**TABLE, "predicts": ["labels"]}, r"predicts one of .*Received: \['labels'\]"),
        ({**LABELS, "feed": "yahoo"}, "feed: a feed of labels is one of 'files', 'sample'. Received: 'yahoo'"),
        ({**LABELS, "target": "close", "horizon": 5}, "'target' belongs to pipelines that predict values, 'horizon' "
         "belongs to pipelines that predict values. Received: predicts = 'labels'"),
        ({**LABELS, "lookback": 9}, "'lookback' belongs to pipelines that predict values or text. Received: "),
        ({**TABLE, "samples": {}}, "'samples' belongs to pipelines that predict text. Received: predicts = 'values'"),
        ({**TABLE, "feed": "files", "path": "a.csv", "document": "id"}, "'document' belongs to pipelines that predict "
         "labels or text"),
        ({**TEXT, "label": "label"}, "'label' belongs to pipelines that predict labels"),
        ({**LABELS, "lenght": 9}, "unknown key 'lenght'. The keys there are: length, .* Did you mean 'length'"),
        ({**LABELS, "training": {"min_coverage_80": 0.5}}, "unknown key 'training.min_coverage_80'"),
        ({**LABELS, "training": {"live_days": 7}}, "only min_skill and min_accuracy look at live_days. Received: none"),
        ({**TEXT, "training": {"min_skill": 0.1}}, "unknown key 'training.min_skill'"),
        ({**TEXT, "samples": {"temprature": 1}}, "unknown key 'samples.temprature'.*Did you mean 'temperature'"),
        ({**TEXT, "samples": {"temperature": 0}}, "samples.temperature: .*Received: 0"),
        ({**LABELS, "model": {"cell": "segment_gru"}}, "has the cell simple_rnn, lstm or gru. Received: 'segment_gru'"),
        ({**LABELS, "model": {"ridge_share": 0.5}}, "keys of a network that reads text are .*Received: ridge_share"),
        ({**TEXT, "model": {"bidirectional": True}}, "reads it once, in its order.* Received: bidirectional = true"),
        ({**TEXT, "model": {"word_vectors": "neighbours"}}, "belong to predicts = .*word_vectors = 'neighbours'"),
        ({**TEXT, "model": {"word_dropout": 0.2}}, "belong to predicts = .*word_dropout = 0.2"),
        ({**TEXT, "model": {"pooling": "max"}}, "without bidirectional and pooling. Received: .*pooling = 'max'"),
        ({"predicts": "labels", "feed": "files"}, "the key 'path' is required"),
        ({"predicts": "labels", "feed": "sample"}, "must be named sample_"),
        ({**LABELS, "encoding": "utf-9"}, "an encoding is one that Python knows"),
        ({**LABELS, "path": ["a", "b"]}, "path: .*Received"),
    ],
)  # fmt: skip
def test_keys_of_another_kind_are_named_with_the_kind_that_has_them(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_pipeline("mine", table)
    assert "[mine]" in str(caught.value)
    assert len(str(caught.value)) <= LONGEST_MESSAGE


def test_a_sample_of_text_says_so_and_keeps_nothing_of_the_files() -> None:
    for table in (LABELS, TEXT):
        spec = parse_pipeline("mine", {**table, "split": {"test": 500}})
        sample = spec.as_sample()
        assert (sample.name, sample.feed, sample.predicts) == ("sample_mine", "sample", spec.predicts)
        assert not {"path", "encoding"} & sample.model_dump().keys()
        assert sample.split.test == 0.15
        assert sample.as_sample() is sample
        assert parse_pipeline("sample_mine", {"predicts": spec.predicts, "feed": "sample"}).as_sample() == sample


def test_a_sample_has_no_keys_of_its_own() -> None:
    with pytest.raises(ConfigError, match="'path' belongs to the feed ett or files.*which has none of its own"):
        parse_pipeline("sample_prices", {**TABLE, "feed": "sample", "path": "a.csv"})


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match="the key 'target' is required"):
        parse_pipeline("prices", {key: value for key, value in TABLE.items() if key != "target"})


@pytest.mark.parametrize(
    ("text", "message"),
    [("[prices", "must be readable TOML"), ("", "at least one table"), ("prices = 3", "must be a table")],
)
def test_a_file_that_is_no_pipeline_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_pipelines(write(tmp_path, text))
    with pytest.raises(ConfigError, match="does not exist"):
        load_pipelines(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("name", ["Prices", "a b", "../x", "1st", "sample_prices", "a/b", "a;drop"])
def test_names_are_plain_and_sample_names_are_kept_for_samples(name: str) -> None:
    with pytest.raises(ConfigError):
        parse_pipeline(name, TABLE)


def test_a_sample_says_so_and_keeps_nothing_of_the_real_data() -> None:
    spec = parse_pipeline("prices", {**TABLE, "url": "https://mirror.example", "start": "2020-01-01"})
    sample = spec.as_sample()
    assert (sample.name, sample.feed, sample.start) == ("sample_prices", "sample", None)
    assert "url" not in sample.model_dump()
    assert sample.model == spec.model
    assert sample.as_sample() is sample


def test_pipelines_are_chosen_by_name() -> None:
    pipelines = {"prices": parse_pipeline("prices", TABLE), "more": parse_pipeline("more", TABLE)}
    assert [spec.name for spec in choose_pipelines(pipelines, [], sample=True)] == ["sample_prices", "sample_more"]
    assert [spec.name for spec in choose_pipelines(pipelines, ["more"], sample=False)] == ["more"]
    assert [spec.name for spec in choose_pipelines(pipelines, ["sample_more"], sample=False)] == ["sample_more"]
    with pytest.raises(ConfigError, match="prices, more. Received: 'none'"):
        choose_pipelines(pipelines, ["none"], sample=False)


@pytest.mark.parametrize(
    ("calendar", "season"), [("1h", 24), ("15min", 96), ("XNYS", 5), ("24/7", 7), ("1D", 7), ("B", 5), ("48h", 1)]
)
def test_a_season_is_a_day_of_hours_or_a_week_of_days(calendar: str, season: int) -> None:
    assert Pipeline.model_validate({"name": "p", **TABLE, "calendar": calendar}).season_length == season


_WORD = st.text(min_size=1, max_size=300)
_VALUE = st.one_of(_WORD, st.integers(), st.floats(), st.booleans(), st.lists(_WORD, max_size=40), st.none())
_KEYS = sorted({field.alias or key for key, field in Pipeline.model_fields.items()})


@settings(max_examples=60)
@given(
    known=st.dictionaries(st.sampled_from(_KEYS), _VALUE | st.dictionaries(_WORD, _VALUE, max_size=9), max_size=9),
    unknown=st.dictionaries(_WORD, _VALUE, max_size=30),
    feed=st.sampled_from(["yahoo", "files", "ett", "sql", "nobody", None]),
)
def test_whatever_is_in_a_table_the_message_is_short(known: dict[str, Any], unknown: dict[str, Any], feed: str | None):
    table = {**TABLE, **known, **unknown, "feed": feed}
    with pytest.raises(ConfigError) as caught:
        parse_pipeline("prices", {key: value for key, value in table.items() if value is not None} | {"no key": 1})
    assert len(str(caught.value)) <= LONGEST_MESSAGE
