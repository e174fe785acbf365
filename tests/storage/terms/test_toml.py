"""What is written as TOML is read back as it was."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daycast.storage.terms.toml import toml_key, toml_value

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)


@given(TEXTS, VALUES)
def test_keys_and_values_are_read_back(key, value):
    assert tomllib.loads(f"{toml_key(key)} = {toml_value(value)}") == {key: value}


@pytest.mark.parametrize(
    "column",
    ["adj close", "a.b", "", 'in "quotes"', r"back\slash", "ключ", "é", "²", "#", "=", "\x7f", "tab\t"],
)
def test_a_column_of_any_name_is_a_key_and_a_value(column):
    assert tomllib.loads(f"of = {toml_value({column: column})}") == {"of": {column: column}}


def test_what_is_bare_stays_bare_and_what_is_none_is_left_out():
    assert toml_value({"fill_limit": 2, "24-7": [], "start": None}) == "{ fill_limit = 2, 24-7 = [] }"
