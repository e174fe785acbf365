"""Arrays go into Parquet and come out the same, bit for bit."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder
from daycast.storage.terms.errors import FileDamaged


@settings(deadline=None)  # what is proved is that nothing changes, not how long a shared disk takes
@given(array=hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 12))), origins=st.integers(0, 2**40))
def test_arrays_come_out_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, origins: int) -> None:
    folder = Folder(tmp_path_factory.mktemp("lake"))
    times = (np.datetime64(0, "us") + np.timedelta64(1, "us") * (origins + np.arange(len(array)))).astype(
        "datetime64[us]"
    )
    parquet.write_arrays(folder, "a.parquet", {"inputs": array, "origin": times})
    read = parquet.read_arrays(folder, ["a.parquet"])
    assert read["inputs"].dtype == np.float32
    assert read["inputs"].shape == array.shape
    assert read["inputs"].tobytes() == array.tobytes()
    assert (read["origin"] == times).all()


def test_windows_are_fixed_size_lists_of_float32_and_compressed(tmp_path: Path) -> None:
    array = np.arange(1000 * 64, dtype=np.float32).reshape(1000, 64)
    parquet.write_arrays(Folder(tmp_path), "a.parquet", {"inputs": array})
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert str(file.schema_arrow.field("inputs").type) == "fixed_size_list<element: float>[64]"
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_files_are_read_one_below_the_other(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    parquet.write_arrays(folder, "1.parquet", {"x": np.array([1.0, 2.0])})
    parquet.write_arrays(folder, "2.parquet", {"x": np.array([3.0])})
    assert parquet.read_arrays(folder, ["1.parquet", "2.parquet"])["x"].tolist() == [1.0, 2.0, 3.0]
    assert parquet.read_arrays(folder, []) == {}


def test_frames_with_different_columns_are_joined(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    parquet.write_frame(folder, "1.parquet", pd.DataFrame({"a": [1.0]}))
    parquet.write_frame(folder, "2.parquet", pd.DataFrame({"a": [2.0], "b": [3.0]}))
    frame = parquet.read_frames(folder, ["1.parquet", "2.parquet"])
    assert frame["a"].tolist() == [1.0, 2.0]
    assert frame["b"].isna().tolist() == [True, False]


@pytest.mark.parametrize("write", [parquet.write_arrays, lambda *a: parquet.write_frame(*a[:2], pd.DataFrame(a[2]))])
@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[: len(whole) // 8] + bytes(64) + whole[len(whole) // 8 + 64 :],
        lambda whole: whole[:-64] + bytes(56) + whole[-8:],
        lambda _: b"",
    ],
    ids=["cut", "a page overwritten", "a footer overwritten", "empty"],
)
def test_a_damaged_file_is_a_named_error(
    tmp_path: Path, write: Callable[..., None], damage: Callable[..., bytes]
) -> None:
    folder = Folder(tmp_path)
    write(folder, "a.parquet", {"x": np.random.default_rng(1).normal(size=1000)})
    (tmp_path / "a.parquet").write_bytes(damage((tmp_path / "a.parquet").read_bytes()))
    with pytest.raises(FileDamaged, match="whole Parquet file is required"):
        parquet.read_arrays(folder, ["a.parquet"])
