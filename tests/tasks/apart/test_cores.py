"""How much is done at once."""

import os

from daycast.tasks.apart.cores import most_at_once


def test_no_more_at_once_than_cores():
    assert 1 <= most_at_once() <= (os.cpu_count() or 1)
