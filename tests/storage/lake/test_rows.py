"""Rows of many series: sorted when read, whatever the order of the names they were written with."""

import numpy as np
import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.rows import Rows, append_rows, read_rows
from daycast.storage.terms.words import MEAN, ORIGIN, SERIES_ID


def rows(*names: str) -> Rows:
    """Two instants of each series."""
    codes = np.repeat(np.arange(len(names), dtype=np.int32), 2)
    origin = np.tile(np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[us]"), len(names))
    return Rows(names, {SERIES_ID: codes, ORIGIN: origin, MEAN: np.arange(len(codes), dtype=np.float64)})


@pytest.mark.parametrize("names", [("a", "b", "c"), ("b", "a", "c"), ("c", "b", "a")])
def test_each_row_is_found_again_whatever_the_order_of_the_names(tmp_path, names):
    """A pipeline names its symbols in an order of its own."""
    written = rows(*names)
    append_rows(Folder(str(tmp_path)), written)
    read = read_rows(Folder(str(tmp_path)), time=ORIGIN)
    assert read.names == ("a", "b", "c")
    place = read.find(written, time=ORIGIN)
    assert read.columns[MEAN][place].tolist() == written.columns[MEAN].tolist()
    assert (np.diff(read.columns[SERIES_ID]) >= 0).all()
