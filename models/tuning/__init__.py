"""Which settings a search may try, and what a trial of them is worth, on validation data alone.

Nothing here knows how the next settings are chosen: that is the search's, in ``tasks``.
"""
