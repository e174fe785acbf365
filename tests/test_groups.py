"""Tests that share what is dear to make are run by one process, and so it is made once."""

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="tests run in one process here")
@pytest.mark.xdist_group("seen")
def test_a_test_is_sent_where_its_group_is(request):
    assert request.node.nodeid.endswith("@seen"), "pytest-xdist heeds no group with this pytest; pin it below"
