"""How a step goes over the shards: one after the other in this process, or wherever the flow says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from daycast.tasks.apart.bars import bar

Result = TypeVar("Result")


class Spread(Protocol):
    """Who has the work of the shards done.

    Attributes:
        here: whether it is done in this process, so that its arguments may be what only this process has.
    """

    here: bool

    def over(self, work: Callable[..., Result], shards: Sequence[str], *arguments: Any) -> list[Result]:
        """What the work gives of each shard, in their order.

        Args:
            work: a function of a module, of a shard's name and the arguments. It leaves the same when it is done again.
            shards: their names.
            arguments: the same for all; to be pickled, as is what the work gives, where it is not done here.
        """
        ...


class InTurn:
    """This process, one shard after the other."""

    here = True

    def over(self, work: Callable[..., Result], shards: Sequence[str], *arguments: Any) -> list[Result]:
        """Call the function with each shard; of several, the terminal shows how many are done."""
        with shown(work, shards) as done:
            return [done(work(shard, *arguments)) for shard in shards]


@contextmanager
def shown(work: Callable[..., Any], shards: Sequence[str]) -> Iterator[Callable[[Result], Result]]:
    """A bar over the shards for the block, where there are several.

    Yields:
        What to call with each result, which gives it back.
    """
    if len(shards) < 2:
        yield lambda result: result
        return
    finished = itertools.count(1)
    with bar(step_name(work), total=len(shards)) as update:

        def done(result: Result) -> Result:
            update(next(finished), len(shards), "shards")
            return result

        yield done


def step_name(work: Callable[..., Any]) -> str:
    """What the work of a shard is called.

    >>> def _prepare_shard(shard): ...
    >>> step_name(_prepare_shard)
    'prepare'
    """
    return work.__name__.strip("_").removesuffix("_shard")


IN_TURN = InTurn()
