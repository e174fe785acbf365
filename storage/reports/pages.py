"""Reports as people read them: Markdown for the Prefect UI, HTML pages in the storage folder.

What comes from outside (symbols, reasons, messages) is text, and is shown as text: the HTML templates escape all that
they are given, and so do the Markdown ones.
"""

import functools
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from daycast.storage.lake.folder import Folder
from daycast.storage.reports.any_report import AnyReport
from daycast.storage.terms.words import LEVELS, PROMISES, QUARTERS

ARTIFACT_BYTES = 300 * 1024
"""The size of a Markdown report at most; the last pictures are left out of a larger one."""

_HISTORY = 30
_MARKDOWN = re.compile(r"([\\`*_\[\]#~|!$])")
_SHARES = {*(name for name in PROMISES if name.startswith("coverage")), "directional_accuracy", "accuracy"}
_HEADINGS = {
    "mae": "MAE",
    "rmse": "RMSE",
    "mase": "MASE",
    "crps": "CRPS",
    "skill_best": "skill, best baseline",
    "coverage_80": "cover 80 %",
    "coverage_95": "cover 95 %",
    "directional_accuracy": "direction",
    "log_loss": "log loss",
    "auc": "AUC",
    "calibration_error": "calibration error",
    "bits_per_character": "bits a character",
    **{f"width_{level}": f"width {level} %" for level in LEVELS},
    **{f"interval_score_{level}": f"interval score {level} %" for level in LEVELS},
    **{f"coverage_{level}_q{number}": f"q{number}, {level} %" for level in LEVELS for number in range(1, QUARTERS + 1)},
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A pipeline's line on the page over all of them.

    Attributes:
        pipeline: its name.
        status: of the newest run.
        as_of: of the newest run.
        version: which it made or used.
        message: what it says.
    """

    pipeline: str
    status: str
    as_of: datetime
    version: str | None
    message: str


def _need(line: Line) -> tuple[int, str]:
    """Failed runs come first, then those that were stopped, degraded ones, those in progress."""
    rank = {"failed": 0, "cancelled": 1, "degraded": 2, "running": 3}
    return rank.get(line.status, 4), line.pipeline


class Pages:
    """The pages in the storage folder: ``index.html``, one a pipeline, and the earlier ones of each.

    Args:
        folder: ``<storage>/reports``.

    Raises:
        StorageError: from every method, where the folder cannot be read or written.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def place(self, pipeline: str) -> str:
        """Where a pipeline's page is."""
        return self.folder.path(_page_name(pipeline))

    def keep(self, report: AnyReport) -> str:
        """Write a run's own page, which stays; gives its place."""
        name = f"{report.pipeline}/{_stamp(report.run.as_of)}.html"
        self.folder.write(name, render_html(report, up="../").encode())
        return self.folder.path(name)

    def show(self, report: AnyReport) -> str:
        """Write a pipeline's page, over the one that is there; gives its place."""
        earlier = [f"{report.pipeline}/{name}" for name in (self.folder / report.pipeline).names()]
        page = render_html(report, history=sorted(earlier, reverse=True)[:_HISTORY])
        self.folder.write(_page_name(report.pipeline), page.encode())
        return self.place(report.pipeline)

    def index(self, lines: Sequence[Line]) -> str:
        """Write the page over all pipelines, those first that need a person; gives its place."""
        there = set(self.folder.names())
        pages = {line.pipeline: _page_name(line.pipeline) for line in lines if _page_name(line.pipeline) in there}
        page = _html().get_template("index.html.j2").render(lines=sorted(lines, key=_need), pages=pages)
        self.folder.write("index.html", page.encode())
        return self.folder.path("index.html")


def render_html(report: AnyReport, *, history: Sequence[str] = (), up: str = "") -> str:
    """A run's page: whole in itself, without scripts, asking nothing of any other place.

    Args:
        report: the run's.
        history: the addresses of earlier pages.
        up: how to reach the folder of ``index.html``.
    """
    return _html().get_template(f"{report.template}.html.j2").render(report=report, history=history, up=up)


def render_markdown(report: AnyReport, *, page: str, limit: int = ARTIFACT_BYTES) -> str:
    """A run's report for the Prefect UI, with as many of its pictures as there is room for.

    Args:
        report: the run's.
        page: where its HTML page is.
        limit: bytes.
    """
    text = _markdown().get_template(f"{report.template}.md.j2").render(report=report, page=page)
    if len(text.encode()) <= limit or not report.pictures:
        return text
    return render_markdown(replace(report, pictures=report.pictures[:-1]), page=page, limit=limit)


def escape_markdown(value: object) -> object:
    r"""Text that Markdown shows as it is, on one line.

    >>> print(escape_markdown("<b>*a*|b</b>"))
    &lt;b&gt;\*a\*\|b&lt;/b&gt;
    """
    if isinstance(value, Markup):
        return value
    return _MARKDOWN.sub(r"\\\1", html.escape(" ".join(str(value).split()), quote=False))


def code(value: object) -> Markup:
    """Text as it is typed, on one line."""
    return Markup(f"`{' '.join(str(value).replace('`', chr(39)).split())}`")  # noqa: S704 — in Markdown a code span is text


def block(value: object) -> Markup:
    r"""Text as it stands, on as many lines as it has: in Markdown, what is indented is text.

    >>> print(block("to <b>be</b>\n\n# or"))
        to <b>be</b>
    <BLANKLINE>
        # or
    """
    lines = re.split(r"\r\n|\r|\n", str(value))
    return Markup("\n".join(f"    {line}".rstrip() for line in lines))  # noqa: S704 — nothing of it is read as Markdown


@functools.cache
def _html() -> Environment:
    return _environment(autoescape=True)


@functools.cache
def _markdown() -> Environment:
    environment = _environment(autoescape=False, finalize=escape_markdown)
    environment.filters["code"] = code
    environment.filters["block"] = block
    return environment


def _environment(**options: Any) -> Environment:
    environment = Environment(  # noqa: S701 — one of the two escapes HTML, the other Markdown
        loader=PackageLoader("daycast.storage.reports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
    environment.filters |= {
        "number": _number,
        "interval": _interval,
        "instant": _instant,
        "metric": _metric,
        "heading": _heading,
        "share": _share,
        "signed": _signed,
        "points": _points,
    }
    return environment


def _page_name(pipeline: str) -> str:
    """No pipeline's name holds a ``-``, so that one called index is no trouble."""
    return "index-pipeline.html" if pipeline == "index" else f"{pipeline}.html"


def _stamp(as_of: datetime) -> str:
    return f"{as_of:%Y%m%dT%H%M%S}{f'.{as_of:%f}' if as_of.microsecond else ''}Z"


def _number(value: float | None) -> str:
    """Four figures, and no fewer than stand before the point."""
    if value is None:
        return "—"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"


def _interval(lower: float | None, upper: float | None) -> str:
    """Its two bounds; one dash where a forecast has none."""
    return "—" if lower is None and upper is None else f"{_number(lower)} to {_number(upper)}"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_number(value)}"


def _points(value: float) -> str:
    """What a word adds to a probability, in hundredths.

    >>> _points(0.314), _points(-0.02)
    ('+31', '−2')
    """
    rounded = round(100 * value)
    return f"{'−' if rounded < 0 else '+'}{abs(rounded)}"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def _metric(values: Mapping[str, float | None], name: str) -> str:
    value = values.get(name)
    if value is None:
        return "—"
    if name in _SHARES:
        return _share(value)
    if name.startswith("skill"):
        return f"{value:+.3f}" if value else "0"
    return _number(value)


def _heading(metric: str) -> str:
    return _HEADINGS.get(metric, metric)


def _instant(value: datetime) -> str:
    """To the minute; a session or a day, which stands at 00:00 UTC, likewise."""
    return f"{value:%Y-%m-%d %H:%M}"
