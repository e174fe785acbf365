"""Files appear whole or not at all, and only inside their folder."""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daycast.storage.lake.folder import Folder, scratch
from daycast.storage.terms.errors import StorageError


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data" if request.param == "local" else f"memory://{tmp_path.name}/data")


def test_what_goes_in_comes_out(folder: Folder) -> None:
    folder.write("a/b.bin", b"first")
    folder.write("a/b.bin", b"second")
    assert folder.read("a/b.bin") == b"second"
    assert (folder / "a").names() == ["b.bin"]
    assert folder.exists("a/b.bin")
    assert not folder.exists("a/c.bin")


def half_write(folder: Folder) -> None:
    with folder.writing("a.bin") as file:
        file.write(b"ha")
        raise RuntimeError("killed")


def test_a_write_that_fails_leaves_what_was_there(folder: Folder) -> None:
    folder.write("a.bin", b"whole")
    with pytest.raises(RuntimeError, match="killed"):
        half_write(folder)
    assert folder.read("a.bin") == b"whole"
    assert folder.names() == ["a.bin"]


def test_a_folder_is_published_whole_and_only_once(folder: Folder, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_bytes(b"1")
    (source / "two").write_bytes(b"2")
    folder.publish(source, "v1")
    (source / "one").write_bytes(b"changed")
    folder.publish(source, "v1")
    assert (folder / "v1").names() == ["one", "two"]
    assert (folder / "v1").read("one") == b"1"


def test_what_a_killed_process_left_is_not_seen_and_can_be_cleared(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("x/whole", b"1")
    (tmp_path / "x" / ".partial-123").write_bytes(b"half")
    assert (folder / "x").names() == ["whole"]
    assert folder.clear_partial() == 1
    assert os.listdir(tmp_path / "x") == ["whole"]


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/passwd", "", "a//b", "."])
def test_no_name_leads_outside(folder: Folder, name: str) -> None:
    with pytest.raises(StorageError, match="inside the storage folder"):
        folder.write(name, b"x")
    with pytest.raises(StorageError, match="inside the storage folder"):
        folder / name


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="must be writable.*DAYCAST_STORAGE"):
        Folder(tmp_path / "file" / "below").write("a", b"x")


def test_a_missing_folder_is_empty(tmp_path: Path) -> None:
    assert Folder(tmp_path / "nowhere").names() == []
    with pytest.raises(StorageError, match="must be readable"):
        Folder(tmp_path / "nowhere").read("a")


def test_what_may_be_in_the_making_is_not_cleared(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "x").mkdir()
    now = datetime(2026, 8, 21, tzinfo=UTC)
    for name, age in ((".partial-old", 2), (".partial-young", 0)):
        (tmp_path / "x" / name).write_bytes(b"half")
        os.utime(tmp_path / "x" / name, times=((now - timedelta(days=age)).timestamp(),) * 2)
    assert folder.clear_partial(before=now - timedelta(days=1)) == 1
    assert os.listdir(tmp_path / "x") == [".partial-young"]


def test_a_folder_that_is_being_published_is_as_young_as_its_last_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    beside = tmp_path / ".partial-1"
    beside.mkdir()
    (beside / "model").write_bytes(b"half")
    old = datetime(2026, 8, 21, tzinfo=UTC)
    os.utime(beside, times=(old.timestamp(),) * 2)
    assert folder.clear_partial(before=old + timedelta(days=1)) == 0
    os.utime(beside / "model", times=(old.timestamp(),) * 2)
    os.utime(beside, times=(old.timestamp(),) * 2)
    assert folder.clear_partial(before=old + timedelta(days=1)) == 1


def test_sizes_and_times_are_told(folder: Folder) -> None:
    assert folder.sizes() == {}
    assert folder.newest_change("a") is None
    before = datetime.now(UTC) - timedelta(seconds=5)
    folder.write("a/b/c.bin", b"12345")
    folder.write("a/d.bin", b"123")
    folder.write("e.bin", b"1")
    assert folder.sizes() == {"a": 8, "e.bin": 1}
    changed = folder.newest_change("a")
    assert changed is not None
    assert changed > before
    assert (folder / "a").newest_change("d.bin") == folder.newest_change("a/d.bin")


def test_what_is_removed_is_gone_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed while it removes a folder leaves no half of it under its name."""
    folder = Folder(tmp_path)
    folder.write("v1/manifest.json", b"{}")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(folder.fs, "rm", killed)
        with pytest.raises(KeyboardInterrupt):
            folder.remove("v1")
    assert not folder.exists("v1")
    assert folder.names() == []
    assert folder.clear_partial() == 1


def fill(folder: Path) -> None:
    (folder / "full").symlink_to("/dev/full")
    (folder / "full").write_bytes(b"more than there is room for")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_under_temporary_files_is_told_in_words() -> None:
    with pytest.raises(StorageError, match="Received: No space left"), scratch() as folder:
        fill(folder)
    assert not folder.exists()


def test_a_temporary_folder_that_cannot_be_made_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    with pytest.raises(StorageError, match="TMPDIR"), scratch():
        pass


def test_another_error_in_a_temporary_folder_is_left_as_it_is() -> None:
    with pytest.raises(FileNotFoundError), scratch() as at:
        (at / "missing").read_bytes()
