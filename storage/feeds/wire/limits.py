"""How long a feed is waited for, and how much is taken from it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one request.

    Attributes:
        tries: requests at most, the first included.
        pause: seconds before the second retry; each later one waits twice as long as the one before.
        jitter: seconds at most that chance adds to a pause, so that many clients do not come back together.
        longest: seconds at most between two tries, whatever ``Retry-After`` asks.
        connect: seconds at most until a connection stands.
        read: seconds at most between two pieces of an answer.
        whole: seconds at most for a whole answer, however steadily it drips.
        max_bytes: of an answer, after decompression.
    """

    tries: int = 4
    pause: float = 1.0
    jitter: float = 1.0
    longest: float = 60.0
    connect: float = 10.0
    read: float = 30.0
    whole: float = 300.0
    max_bytes: int = 64 * 1024 * 1024

    def pauses(self) -> Iterator[float]:
        """The seconds to wait before each further try, growing, with jitter.

        >>> list(Limits(tries=4, pause=1.0, jitter=0.0, longest=3.0).pauses())
        [1.0, 2.0, 3.0]
        """
        for retry in range(self.tries - 1):
            chance = random.uniform(0, self.jitter)  # noqa: S311 — spreads clients, guards nothing
            yield min(self.longest, self.pause * 2**retry + chance)


LIMITS = Limits()
"""What a feed gets where nothing else is said."""
