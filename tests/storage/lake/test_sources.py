"""What symbols were last read from: what goes in comes out, and a damaged note has everything read once more."""

from hypothesis import given
from hypothesis import strategies as st

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.sources import Source, Sources

_WORDS = st.text(max_size=20)
_SOURCES = st.builds(
    Source,
    mark=_WORDS,
    aside=st.dictionaries(st.tuples(_WORDS, _WORDS), st.integers(1, 9), max_size=3),
    findings=st.lists(_WORDS, max_size=3).map(tuple),
)


@given(st.dictionaries(_WORDS, _SOURCES, max_size=4))
def test_what_goes_in_comes_out(tmp_path_factory, noted):
    store = Sources(Folder(str(tmp_path_factory.mktemp("lake"))), "mine")
    assert store.read() == {}
    store.write(noted)
    assert store.read() == noted


def test_a_damaged_note_is_none(tmp_path):
    store = Sources(Folder(str(tmp_path)), "mine")
    store.write({"A": Source(mark="1")})
    (note,) = tmp_path.rglob("sources.json")
    for damaged in ("", "{", "[]", '{"A": 1}', '{"A": ["1", [[1]], []]}'):
        note.write_text(damaged)
        assert store.read() == {}
