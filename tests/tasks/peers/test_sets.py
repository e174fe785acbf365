"""A file that no set can be made of is refused with what is wrong in it."""

import numpy as np
import pandas as pd
import pytest

from daycast.storage.terms.errors import ConfigError, DataError
from daycast.tasks.peers import sets

HOURS = 14_400
"""Of ETTh1, which its parts need."""
WINDOW = {"horizon": 5, "season": 7, "lookback": 14}


def _written(folder, suffix=".csv", **columns):
    path = folder / f"odd{suffix}"
    frame = pd.DataFrame(columns)
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_csv(path, index=False)
    return str(path)


def _days(count):
    return pd.date_range("2024-01-01", periods=count).astype(str)


def test_etth1_is_a_file_with_its_column_and_hours(tmp_path):
    path = _written(tmp_path, date=np.arange(HOURS), OT=np.arange(HOURS) / 2)
    assert sets.etth1(path).values.shape == (1, HOURS)
    with pytest.raises(ConfigError, match=r"odd\.csv: ETTh1 has the column OT.*Received: date, y\. Name .* --on file"):
        sets.etth1(_written(tmp_path, date=np.arange(HOURS), y=np.arange(HOURS)))
    with pytest.raises(DataError, match=r"odd\.csv: 14,400 hours are required.*Received: 300\. Name .* --on file"):
        sets.etth1(_written(tmp_path, date=np.arange(300), OT=np.arange(300)))


def test_etth1_has_a_number_in_every_row(tmp_path):
    values = np.arange(HOURS, dtype=float).astype(object)
    values[7] = "closed"
    with pytest.raises(DataError, match=r"odd\.csv: numbers are required in OT\. Received: 'closed' in row 8\. "):
        sets.etth1(_written(tmp_path, OT=values))
    values[7] = None
    with pytest.raises(DataError, match=r"odd\.csv: numbers are required in OT\. Received: nothing in row 8\. "):
        sets.etth1(_written(tmp_path, OT=values))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("columns", [["day", "sold"], ["day", "shop", "sold"]])
def test_the_values_of_a_file_are_numbers(tmp_path, suffix, columns):
    given = {"day": _days(300), "shop": ["A"] * 300, "sold": [str(number) for number in range(299)] + ["n/k"]}
    with pytest.raises(DataError, match=r"numbers are required in sold\. Received: 'n/k' in row 300\. "):
        sets.of_file(_written(tmp_path, suffix, **given), columns=columns, **WINDOW)
    given["sold"][-1] = "inf"
    with pytest.raises(DataError, match=r"numbers are required in sold\. Received: .*inf.* in row 300\. "):
        sets.of_file(_written(tmp_path, suffix, **given), columns=columns, **WINDOW)
    when = {**given, "sold": pd.to_datetime(given["day"])}
    with pytest.raises(DataError, match=r"numbers are required in sold\. Received: '2024-01-01.*' in row 1\. "):
        sets.of_file(_written(tmp_path, suffix, **when), columns=columns, **WINDOW)


def test_instants_without_a_value_are_left_out_of_a_file(tmp_path):
    path = _written(tmp_path, day=_days(300), sold=[None, *range(299)])
    assert sets.of_file(path, columns=["day", "sold"], **WINDOW).values.shape == (1, 299)


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.csv", b"\xff\xfe\x00x"), ("a.parquet", b"PAR1")])
def test_a_file_that_is_none_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=r"A file that can be read is required\. Received: .*a\.(csv|parquet): "):
        sets.etth1(str(tmp_path / name))


def test_a_column_is_named_once(tmp_path):
    path = _written(tmp_path, day=_days(300), sold=np.arange(300))
    with pytest.raises(ConfigError, match=r"--columns names columns.*each once.*Received: day, day, sold"):
        sets.of_file(path, columns=["day", "day", "sold"], **WINDOW)
