"""The benchmark of many series as a command: both nights are run, and their figures kept."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daycast.flows.benchmarks.nights import keep, run_nights
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.feeds.sample.panel import panel_symbols, write_panel
from daycast.storage.terms.errors import DataError
from daycast.tasks.panel_benchmark import Asked, lay_out
from daycast.tasks.peers.answer import Answer, What

NOW = datetime(2026, 8, 21, 12, tzinfo=UTC)


def test_the_second_night_has_the_last_session_and_nothing_else(tmp_path: Path) -> None:
    laid_out = lay_out(Asked(series=3, sessions=200), folder=tmp_path, now=NOW)
    first = pd.read_parquet(laid_out.file)
    laid_out.next_night()
    later = pd.read_parquet(laid_out.file)
    assert later["date"].max() == datetime(2026, 8, 20, tzinfo=UTC).date()
    assert (len(first), len(later)) == (3 * 199, 3 * 200)
    pd.testing.assert_frame_equal(later[later["date"] < later["date"].max()].reset_index(drop=True), first)
    spec = load_pipelines(tmp_path / "pipelines.toml")["panel"]
    assert list(spec.symbols) == panel_symbols(3)


def test_a_seed_makes_the_same_panel_and_another_one_another(tmp_path: Path) -> None:
    days = pd.bdate_range("2024-01-01", periods=50, tz="UTC")
    for name, seed in {"a": 1, "b": 1, "c": 2}.items():
        write_panel(tmp_path / name, symbols=panel_symbols(2), days=days, seed=seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_is_cut_before_its_last_session(tmp_path: Path, suffix: str) -> None:
    rows = [(f"2024-01-{day:02d}", symbol, f"{day}.50") for day in (2, 3, 4) for symbol in ("B", "A", "C")]
    frame = pd.DataFrame(rows, columns=["day", "ticker", "price"])
    data = tmp_path / f"mine{suffix}"
    frame.to_csv(data, index=False) if suffix == ".csv" else frame.to_parquet(data)
    folder = tmp_path / "place"
    folder.mkdir()
    asked = Asked(series=2, data=data, columns=("day", "ticker", "price"))
    laid_out = lay_out(asked, folder=folder, now=NOW)
    read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
    assert (laid_out.series, laid_out.rows, len(read(laid_out.file))) == (2, 6, 4)
    with pytest.raises(DataError, match="--columns TIME,SYMBOL,VALUE"):
        lay_out(Asked(data=data), folder=folder, now=NOW)


@pytest.mark.slow
def test_the_command_runs_two_nights_and_keeps_what_they_took(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "daycast.flows.command.cli", "benchmark", "panel"]
    given = ["--series", "3", "--sessions", "200", "--out", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run([*command, *given], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "panel-3.json").read_text())
    first, later = kept["nights"]
    assert (first["outcome"]["training"], later["outcome"]["training"]) == ("retrain", "reuse")
    assert first["outcome"]["forecasts"] == later["outcome"]["forecasts"] == 15
    assert {"ingest", "prepare", "train", "forecast"} <= set(first["steps"])
    assert later["peak_memory_mib"] > 0
    assert "CPU seconds" in done.stdout


@pytest.mark.slow
def test_peers_are_asked_for_what_the_network_predicted_in_the_first_night(tmp_path: Path) -> None:
    asked_of: list[What] = []

    def last_value(what: What) -> Answer:
        asked_of.append(what)
        last = what["values"][:, what["origins"]].T
        return Answer(
            mean=np.repeat(last[..., np.newaxis], what["horizon"], axis=2), seconds=21.0, night=1.0, memory=9.0
        )

    found = run_nights(Asked(series=3, sessions=200), peers={"last": last_value}, say=print)
    network, naive, peer = found.beside
    assert (network.name, naive.name, peer.name) == ("daycast network", "naive", "last")
    assert network.scores is not None
    assert naive.scores is not None
    assert peer.scores is not None
    assert np.isfinite(network.answer.mean).all()
    assert 0.5 * naive.scores.mae < network.scores.mae < 2 * naive.scores.mae
    assert peer.scores.mae == naive.scores.mae
    (what,) = asked_of
    assert (what["training"], what["stop"], what["values"].shape) == (139, 169, (3, 199))
    assert peer.answer.seconds == 21.0 - (len(what["origins"]) - 1)
    kept = json.loads(Path(keep(found, asked=Asked(series=3), out=str(tmp_path))).read_text())
    assert kept["beside"][0]["took"]["night"] == found.nights[1].seconds
