"""Imports are fast, and leave the process as it was."""

import gc

from daycast.tasks.apart.preload import importing


def test_garbage_is_looked_for_again_after_the_imports_as_before():
    assert gc.isenabled()
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_where_nobody_looks_for_garbage_nobody_does_afterwards():
    gc.disable()
    try:
        with importing():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
