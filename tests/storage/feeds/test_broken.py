"""The corpus of broken answers: each is refused by name, or every one of its rows is accounted for."""

import resource
from collections import Counter
from datetime import UTC, datetime

import pytest

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Fetched, Span
from daycast.storage.intake.rules import Inspection, inspect
from daycast.storage.terms.errors import DaycastError
from tests.places import LONGEST_MESSAGE
from tests.storage.feeds import broken_csv, broken_net, broken_parquet, broken_yahoo
from tests.storage.feeds.broken import CLOSES, DAYS, HOURS, OILS, Case, Refused, Said, endless

CASES = (
    *broken_csv.bodies(),
    *broken_csv.numbers(),
    *broken_csv.rows(),
    *broken_net.fred(),
    *broken_net.ett(),
    *broken_yahoo.yahoo(),
    *broken_parquet.files(),
)
SPAN = Span(start=None, end=datetime(2030, 1, 1, tzinfo=UTC))
TRUE = {str(at): value for at, value in zip([*DAYS, *HOURS], [*CLOSES, *OILS], strict=True)}
"""By instant, what was said before it was broken."""
FREE = {"ten years twice", "a split whose history was not adjusted", "a delisted ticker"}
"""Cases whose good rows are others than those of :data:`TRUE`."""
MEMORY = 300 * 1024**2
"""Bytes by which no case may grow the process."""


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    import yfinance

    yfinance.set_tz_cache_location(str(tmp_path_factory.mktemp("yfinance")))


@pytest.fixture
def spec_of(server, make_spec, tmp_path, answer):
    """The pipeline of a case, its answer at the place where the pipeline looks for it."""

    def serve(path, case: Case):
        said = case.answer if isinstance(case.answer, Said) else Said(body=case.answer, length=-1)
        server.say(path, answer(**{**vars(said), "headers": dict(said.headers)}))

    def write(name, case: Case):
        data = case.answer.encode() if isinstance(case.answer, str) else case.answer
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    def make(case: Case):
        if case.feed == "yahoo":
            serve("/v8/finance/chart/AMZN", case)
            return make_spec(feed="yahoo", url=server.url, **case.keys)
        if case.feed == "fred":
            serve("/graph/fredgraph.csv", case)
            keys = {"symbols": ["SP500"], "target": "value", "features": ["value"], "calendar": "B", **case.keys}
            return make_spec("fred", feed="datareader", url=server.url, **keys)
        if case.feed.startswith("ett"):
            keys = {"symbols": ["OT"], "target": "OT", "features": ["MUFL", "OT"], "calendar": "1h", **case.keys}
            if case.feed == "ett":
                serve("/ETTh1.csv", case)
                return make_spec("etth1", feed="ett", url=f"{server.url}/ETTh1.csv", **keys)
            return make_spec("etth1", feed="ett", path=write("ETTh1.csv", case), **keys)
        suffix = case.feed
        write(f"AMZN.{suffix}", case)
        return make_spec("mine", feed="files", path=f"{tmp_path}/{{symbol}}.{suffix}", **case.keys)

    return make


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.feed}: {case.name}")
def test_a_broken_answer_does_what_it_must(case, spec_of, limits):
    spec = spec_of(case)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fetched = open_feed(spec, limits=limits).fetch(spec.symbols, SPAN)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MEMORY
    if isinstance(case.must, Refused):
        _is_refused(fetched, case.must, symbol=spec.symbols[0])
    else:
        _is_accounted_for(fetched, inspect(fetched.frame, spec=spec), case, target=spec.target)


def _is_refused(fetched: Fetched, must: Refused, *, symbol: str) -> None:
    assert fetched.frame.empty
    assert not fetched.validators
    failure = fetched.failures[symbol]
    assert isinstance(failure, DaycastError)
    assert type(failure) is must.error, failure
    assert must.says in failure.reason
    assert len(str(failure)) <= LONGEST_MESSAGE


def _is_accounted_for(fetched: Fetched, result: Inspection, case: Case, *, target: str) -> None:
    must = case.must
    assert not fetched.failures
    found = Counter({str(reason): 0 for reason in must.aside})
    for reason in [*fetched.rejected["reason"], *result.set_aside["reason"]]:
        found[next((known for known in must.aside if known in reason), reason)] += 1
    assert len(result.good) == must.good
    assert dict(found) == dict(must.aside)
    assert {finding.kind: finding.count for finding in result.findings} == dict(must.findings)
    if case.name not in FREE:
        for at, value in zip(result.good["observed_at"], result.good[target], strict=True):
            true = TRUE.get(str(at.tz_localize(None)))
            assert value == (true if true is not None else CLOSES[-1])


def test_the_corpus_is_as_large_as_it_is_said_to_be():
    assert len(CASES) >= 60
    assert len({(case.feed, case.name) for case in CASES}) == len(CASES)
    assert {case.feed for case in CASES} == {"yahoo", "fred", "ett", "ett file", "csv", "parquet"}


@pytest.mark.parametrize("status", [200, 302, 503])
def test_of_2_gb_no_more_is_taken_than_the_limit_allows(server, make_spec, limits, answer, status):
    headers = {"Location": "/x"} if status == 302 else {}
    server.say("/ETTh1.csv", answer(body=endless("date,OT\n"), status=status, headers=headers))
    keys = {"symbols": ["OT"], "target": "OT", "features": ["OT"], "calendar": "1h"}
    spec = make_spec("etth1", feed="ett", url=f"{server.url}/ETTh1.csv", **keys)
    assert open_feed(spec, limits=limits).fetch(spec.symbols, SPAN).failures
    # What the kernel holds on the way comes on top, once a try.
    assert server.sent < limits.tries * (limits.max_bytes + 16_000_000)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("folder", "symbol", "name"),
    [
        *(("prices/dirty", symbol, "{symbol}.csv") for symbol in ("AMZN", "FB", "KLAC_split_seam", "MSFT")),
        *(("wire/stooq", symbol, "{symbol}_us_d.en.csv") for symbol in ("amzn", "msft")),
        *(("prices", symbol, "{symbol}.csv") for symbol in ("AAPL", "KO", "SPY")),
    ],
)
def test_every_line_of_a_recorded_file_is_accounted_for(data, make_spec, folder, symbol, name):
    spec = make_spec("mine", feed="files", path=f"{data / folder}/{name}", symbols=[symbol])
    fetched = open_feed(spec).fetch(spec.symbols, SPAN)
    result = inspect(fetched.frame, spec=spec)
    lines = (data / folder / name.format(symbol=symbol)).read_text(encoding="utf-8-sig").splitlines()
    repeats = sum(finding.count for finding in result.findings if finding.kind == "duplicate")
    taken = len(result.good) + repeats
    header = 1
    assert taken + len(fetched.rejected) + len(result.set_aside) == len([line for line in lines if line]) - header
