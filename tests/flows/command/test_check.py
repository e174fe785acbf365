"""``daycast check`` as a person types it."""

from tests.places import make_place


def test_it_says_what_a_run_would_find_and_writes_nothing(tmp_path, command):
    place = make_place(tmp_path / "place")
    place.define()
    done = command(place, "check")
    assert done.code == 0
    assert done.out.splitlines()[0] == "mine: a run would go well"
    assert "A: 160 rows from 2024-01-01 00:00 to 2024-06-08 00:00 UTC, none missing; 150 windows" in done.out
    assert done.out.splitlines()[-1] == "Next: daycast run mine"
    assert not (place.root / "data").exists()


def test_where_a_run_would_fail_it_ends_with_1_and_with_the_table_that_would_work(tmp_path, command):
    place = make_place(tmp_path / "place")
    place.define(symbols=["A"])
    text = (place.root / "A.csv").read_text().replace(",", ";").replace(".", ",")
    (place.root / "A.csv").write_text(text)
    done = command(place, "check", "mine")
    assert done.code == 1
    assert 'set decimal = ","' in done.out
    assert '    decimal = ","' in done.out
    assert all(len(line) <= 400 + len(str(place.root)) for line in done.out.splitlines())


def test_whoever_names_a_file_is_told_how_it_becomes_a_pipeline(tmp_path, command):
    place = make_place(tmp_path / "place")
    place.define()
    done = command(place, "check", str(place.root / "A.csv"))
    assert done.code == 2
    assert "Received: the file " in done.err
    assert 'feed = "files"' in done.err
    assert "DAYCAST_PIPELINES" in done.err
