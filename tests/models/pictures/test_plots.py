"""Pictures: whole SVGs, the same for the same arrays, small, and taking text as text."""

import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from daycast.models.pictures.plots import Fan, Trace, draw_fan, draw_losses, draw_trace

START = np.datetime64("2026-01-30T00:00", "us")
SVG = "{http://www.w3.org/2000/svg}"


def _times(count, *, minutes=1440, start=START):
    return start + np.arange(count) * np.timedelta64(minutes, "m")


def _fan(*, title="prices/AMZN: network", unit="USD", past=60, horizon=5):
    level = 100 + np.sin(np.arange(past))
    mean = np.full(horizon, level[-1])
    spread = np.arange(1, horizon + 1)
    return Fan(
        title=title,
        unit=unit,
        past_times=_times(past),
        past=level,
        times=_times(horizon, start=START + np.timedelta64(past, "D")),
        mean=mean,
        bands={80: (mean - spread, mean + spread), 95: (mean - 2 * spread, mean + 2 * spread)},
    )


def _trace(count, *, minutes=1440):
    return Trace(
        title="prices/AMZN: network, test part",
        unit="USD",
        times=_times(count, minutes=minutes),
        actual=np.sin(np.arange(count) / 9.0),
        predicted=np.cos(np.arange(count) / 9.0),
    )


def _words(svg):
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 — ours


def _pictures():
    return {
        "fan": draw_fan(_fan()),
        "one step": draw_fan(_fan(horizon=1)),
        "trace": draw_trace(_trace(240)),
        "losses": draw_losses((0.9, 0.7, 0.6), (0.8, 0.75, 0.78), title="Loss of 1"),
        "one epoch": draw_losses((0.9,), (0.8,), title="Loss of 1"),
    }


def test_a_picture_is_an_svg_on_white_and_small():
    for name, svg in _pictures().items():
        root = ElementTree.fromstring(svg)  # noqa: S314 — ours
        assert root.tag == f"{SVG}svg", name
        assert "fill: #ffffff" in svg.decode()[:600], f"{name} needs a white card of its own"
        assert len(svg) < 20_000, name


def test_a_picture_asks_nothing_of_another_place():
    for name, svg in _pictures().items():
        for node in ElementTree.fromstring(svg).iter():  # noqa: S314 — ours
            links = [value for key, value in node.attrib.items() if key.endswith("href")]
            assert all(link.startswith("#") for link in links), name
        assert b"<!DOCTYPE" not in svg
        assert b"<metadata" not in svg


def test_the_same_arrays_give_the_same_bytes():
    assert _pictures() == _pictures()


def test_a_fan_names_its_series_its_unit_and_its_bands():
    words = _words(draw_fan(_fan(unit="$/MWh$")))
    for expected in ("prices/AMZN: network", "$/MWh$", "observed", "80 %", "95 %", "forecast"):
        assert expected in words


def test_text_is_text():
    hostile = '<script>alert("1")</script> & $\\frac{1}{0}$'
    svg = draw_fan(_fan(title=hostile))
    assert b"<script" not in svg
    assert hostile in _words(svg)


def test_losses_mark_the_epoch_that_is_kept():
    assert "kept: epoch 2" in _words(draw_losses((0.9, 0.7, 0.6), (0.8, 0.75, 0.78), title="Loss"))


@pytest.mark.parametrize("minutes", [1, 15, 60, 1440, 1440 * 7, 1440 * 30])
@pytest.mark.parametrize("count", [1, 2, 61, 240])
def test_any_span_of_time_is_drawn_without_a_warning(minutes, count):
    words = _words(draw_trace(_trace(count, minutes=minutes)))
    assert "predicted one step ahead" in words


def test_a_matplotlibrc_of_the_working_folder_changes_nothing(tmp_path):
    """Or else it would be somebody's say whether LaTeX is called."""
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nlines.linestyle: :\naxes.linewidth: 9\n")
    code = (
        "import sys; import matplotlib as mpl; assert mpl.rcParams['text.usetex'];"
        "from daycast.models.pictures.plots import draw_losses;"
        "sys.stdout.buffer.write(draw_losses((0.9, 0.7), (0.8, 0.75), title='Loss'))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == draw_losses((0.9, 0.7), (0.8, 0.75), title="Loss")
