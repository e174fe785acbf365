"""Broken answers over HTTP, and the file of the ``ett`` feed, each with what must happen."""

from collections.abc import Iterator
from typing import Any

from daycast.storage.terms.errors import FeedUnavailable
from tests.storage.feeds.broken import (
    ETT,
    FRED,
    HTML,
    Case,
    Refused,
    Rows,
    Said,
    bomb,
    endless,
    field_of,
    fred_lines,
    insert,
    text,
)

_CUT = Refused(says="broke off", error=FeedUnavailable)
_LARGE = Refused(says="an answer of more than 2,000,000 bytes")
_GZIP = {"Content-Encoding": "gzip"}
_GONE = Refused(says="HTTP 404")
_DOWN = Refused(says="HTTP 503", error=FeedUnavailable)


def _case(feed: str, name: str, answer: bytes | str | Said, must: Refused | Rows, **keys: Any) -> Case:
    return Case(name=name, feed=feed, answer=answer, must=must, keys=keys)


def fred() -> Iterator[Case]:
    """The cases."""

    def case(name: str, answer: bytes | str | Said, must: Refused | Rows, **keys: Any) -> Case:
        return _case("fred", name, answer, must, **keys)

    missing = {"missing_instants": 1}
    yield case("no data in words", "No data", Refused(says="a message instead of data: 'No data'"))
    yield case("an HTML page", HTML, Refused(says="an HTML page instead of data"))
    yield case("a JSON error", '{"error_code":400}', Refused(says="a JSON answer instead of a table"))
    yield case("nothing", "", Refused(says="an empty answer"))
    yield case("a header alone", text(FRED[:1]), Refused(says="a header alone"))
    yield case("no header", text(FRED[1:]), Refused(says="another header than FRED's"))
    yield case("another series", text(fred_lines("DJIA")), Refused(says="data of another series: 'DJIA'"))
    yield case("cut in a number", text(FRED)[:-3], Refused(says="cut in its last line"))
    yield case("a word for a number", field_of(FRED, 3, 1, "n.a.?"), Refused(says="not a date and a number"))
    yield case("a message among the rows", insert(FRED, 5, "Error 500,0"), Refused(says="not a date and"))
    yield case("days without a value", field_of(FRED, 3, 1, "."), Rows(good=11, findings=missing))
    yield case("the blank of 2025", field_of(FRED, 3, 1, ""), Rows(good=11, findings=missing))
    yield case(
        "an infinite value",
        field_of(FRED, 3, 1, "inf"),
        Rows(good=11, aside={"value is not finite": 1}, findings=missing),
    )
    yield case(
        "a value below zero, of a logarithm",
        field_of(FRED, 3, 1, "-1.5"),
        Rows(good=11, aside={"value is not positive": 1}, findings=missing),
        difference="log",
    )
    yield case("everything twice", text(FRED + FRED[1:]), Refused(says="cannot read"))
    yield case("a page that is gone", Said(status=404), Refused(says="HTTP 404"))
    yield case("a server that is down", Said(status=503), Refused(says="HTTP 503", error=FeedUnavailable))
    yield case("cut by the network", Said(body=text(FRED), length=9000), _CUT)
    yield case("2 GB", Said(body=endless(FRED[0] + "\n")), _LARGE)


def ett() -> Iterator[Case]:
    """The cases."""
    missing = {"missing_instants": 1}
    for feed in ("ett", "ett file"):
        yield _case(feed, "an empty body", "", Refused(says="an empty answer"))
        yield _case(feed, "an HTML page", HTML, Refused(says="an HTML page instead of data"))
        yield _case(feed, "a pointer of Git LFS", "version https://git-lfs\noid x\n", Refused(says="a message instead"))
        yield _case(feed, "no header", text(ETT[1:]), Refused(says="no header with the column 'date'"))
        yield _case(feed, "a column less", text(ETT).replace(",OT", ",Oil"), Refused(says="no column 'OT'"))
        yield _case(feed, "dates of a spreadsheet", text(ETT).replace("2016-07-01 ", "7/1/2016 "), Refused(says="ISO"))
        yield _case(
            feed,
            "a load that is a word",
            field_of(ETT, 4, 3, "broken"),
            Rows(good=11, aside={"MUFL is not a number: 'broken'": 1}, findings=missing),
        )
        yield _case(
            feed,
            "a load that is missing",
            field_of(ETT, 4, 3, "NaN"),
            Rows(good=11, aside={"MUFL is missing": 1}, findings=missing),
        )
        yield _case(
            feed,
            "a crooked hour",
            field_of(ETT, 4, 0, "2016-07-01 03:07:00"),
            Rows(good=11, aside={"no such instant in the calendar 1h": 1}, findings=missing),
        )
        yield _case(
            feed,
            "an hour twice, with other values",
            insert(ETT, 5, ETT[4].replace("25.044", "99.9")),
            Rows(good=11, aside={"another row of the same instant says otherwise": 2}, findings=missing),
        )
        yield _case(
            feed,
            "one clock of another zone",
            field_of(ETT, 4, 0, "2016-07-01 03:00:00+02:00"),
            Refused(says="times with a zone (1) and without one (11)"),
        )
        yield _case(feed, "loads below zero, which are real", field_of(ETT, 4, 3, "-2.5"), Rows(good=12))
    yield _case(
        "ett file", "cut in a number", text(ETT)[:-3], Rows(good=11, aside={"may be cut in the middle of a number": 1})
    )
    yield _case("ett", "cut in a number", text(ETT)[:-3], Refused(says="cut in its last line"))
    yield _case("ett", "cut by the network", Said(body=text(ETT), length=9000), _CUT)
    yield _case("ett", "2 GB", Said(body=endless(text(ETT))), _LARGE)
    yield _case("ett", "2 GB behind a redirect", Said(body=endless(""), status=302, headers={"Location": "/x"}), _GONE)
    yield _case("ett", "2 GB with status 503", Said(body=endless(""), status=503), _DOWN)
    yield _case("ett", "a gzip bomb", Said(body=bomb(), headers=_GZIP), _LARGE)
    yield _case(
        "ett", "a gzip bomb in a gzip bomb", Said(body=bomb(2), headers={"Content-Encoding": "gzip, gzip"}), _LARGE
    )
    yield _case(
        "ett", "damaged compression", Said(body=b"\x1f\x8bnone", headers=_GZIP), Refused(says="compression is damaged")
    )
    yield _case(
        "ett",
        "a redirect to a file",
        Said(status=302, headers={"Location": "file:///etc/passwd"}),
        Refused(says="a redirect from http to 'file'"),
    )
    yield _case(
        "ett",
        "redirects in a circle",
        Said(status=302, headers={"Location": "/ETTh1.csv"}),
        Refused(says="5 redirects"),
    )
