"""Broken answers of Yahoo's chart endpoint, each with what must happen."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from daycast.storage.terms.errors import FeedUnavailable
from tests.storage.feeds.broken import (
    CLOSES,
    DAYS,
    HTML,
    YAHOO_ERROR,
    Case,
    Refused,
    Rows,
    Said,
    bomb,
    changed,
    chart,
    dropped,
    endless,
    one_bad,
    said,
)

_CUT = Refused(says="broke off", error=FeedUnavailable)
_LARGE = Refused(says="an answer of more than 2,000,000 bytes")
_GZIP = {"Content-Encoding": "gzip"}


def _case(feed: str, name: str, answer: bytes | str | Said, must: Refused | Rows, **keys: Any) -> Case:
    return Case(name=name, feed=feed, answer=answer, must=must, keys=keys)


def yahoo() -> Iterator[Case]:
    """The cases."""

    def case(name: str, answer: bytes | str | Said, must: Refused | Rows, **keys: Any) -> Case:
        return _case("yahoo", name, answer, must, **keys)

    shape = "a chart of another shape"
    missing = {"missing_instants": 1}
    yield case("nothing", "", Refused(says="an empty answer"))
    yield case("an HTML page", HTML, Refused(says="an HTML page instead of data"))
    yield case("a message", "Too Many Requests", Refused(says="a message instead of data"))
    yield case("an error with status 200", YAHOO_ERROR, Refused(says="an error in JSON: 'Invalid Cookie'"))
    yield case("an error in the chart", said(code="Not Found", description="No data"), Refused(says="'No data'"))
    yield case("no result", said(), Refused(says="JSON that is no chart"))
    yield case("cut in the middle of a number", said(chart())[:-190], Refused(says="breaks off or is damaged"))
    yield case("another ticker", said(chart("AAPL")), Refused(says="data of another symbol: 'AAPL'"))
    yield case("no bars", said(chart(timestamp=[])), Refused(says="a chart without bars"))
    yield case("no timestamps", said(chart(timestamp=None)), Refused(says="a chart without bars"))
    yield case("times in words", said(chart(timestamp=["2020-01-02"] * 12)), Refused(says=f"{shape}: timestamps"))
    yield case("times in milliseconds", said(chart(timestamp=[1577975400000] * 12)), Refused(says="timestamps that"))
    yield case("no prices", said(chart(indicators={"quote": [{}]})), Refused(says=f"{shape}: no list of open"))
    yield case("no indicators", said(chart(indicators=None)), Refused(says=f"{shape}: no list of open"))
    yield case("a price less than times", dropped("close"), Refused(says="11 values of close for 12 timestamps"))
    yield case("a time less than prices", dropped("timestamp"), Refused(says="12 values of open for 11 timestamps"))
    yield case("numbers in quotes", changed(2, "95.1"), Refused(says="open is not a number: '\"95.1\"'"))
    yield case("a truth for a number", changed(2, value=True), Refused(says="open is not a number: 'true'"))
    yield case("a list for a number", changed(2, [95.1]), Refused(says="open is not a number: '[95.1]'"))
    yield case(
        "the closes twice",
        said(chart()).replace('"close": [', '"close": [1.0], "close": [', 1),
        Refused(says="JSON with the key 'close' twice"),
    )
    yield case(
        "a trading period of the year 51771",
        said(chart()).replace('"end": 1578085200', '"end": 1571578085200'),
        Refused(says="another shape than a chart's"),
    )
    yield case(
        "no zone of the exchange",
        said(chart()).replace("America/New_York", "Wall Street"),
        Refused(says=f"{shape}: no time zone of the exchange"),
    )
    yield case("a null", changed(2, None), Rows(good=11, aside={"close is missing": 1}, findings=missing))
    yield case("NaN", changed(2, float("nan")), Refused(says="JSON with NaN in it"))
    yield case("infinity", changed(2, float("inf")), Refused(says="JSON with Infinity in it"))
    yield case("zero", changed(2, 0), Rows(good=11, aside={"open is not positive": 1}, findings=missing))
    below = Rows(good=11, aside={"not positive": 1}, findings=missing)
    yield case("a price below zero, of a logarithm", changed(2, -5.0), below, difference="log")
    yield case(
        "two bars of a day that differ",
        said(chart(days=[*DAYS[:6], DAYS[5], *DAYS[6:]], close=[*CLOSES[:6], 50.0, *CLOSES[6:]])),
        Rows(good=11, aside={"another bar of the same day, which differs": 2}, findings=missing),
    )
    yield case(
        "a split whose history was not adjusted",
        said(chart(close=[close * 4 if place < 6 else close for place, close in enumerate(CLOSES)])),
        Rows(good=12, findings={"jump": 1}),
    )
    yield case("a bar of a Sunday", said(chart(days=_with_sunday())), one_bad("no such instant", missing))
    yield case(
        "a delisted ticker",
        said(chart(close=[CLOSES[0]] * 12)),
        Rows(good=12, findings={"stuck": 1}),
    )
    yield case("throttled for good", Said(status=429), Refused(says="HTTP 429", error=FeedUnavailable))
    yield case("a wall of cookies", Said(body=HTML, status=401), Refused(says="HTTP 401: an HTML page"))
    yield case("cut by the network", Said(body=said(chart()), length=9000), _CUT)
    yield case("2 GB", Said(body=endless('{"chart": ')), _LARGE)
    yield case("2 GB with status 503", Said(body=endless(""), status=503), _LARGE)
    yield case("a gzip bomb", Said(body=bomb(), headers=_GZIP), _LARGE)
    yield case("damaged compression", Said(body=b"\x1f\x8bnone", headers=_GZIP), Refused(says="compression is damaged"))
    yield case(
        "a redirect to a file",
        Said(status=302, headers={"Location": "file:///etc/passwd"}),
        Refused(says="a redirect to another scheme"),
    )


def _with_sunday() -> list[pd.Timestamp]:
    return [day if day != pd.Timestamp("2020-01-06") else pd.Timestamp("2020-01-05") for day in DAYS]
