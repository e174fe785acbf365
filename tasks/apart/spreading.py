"""How a step goes over the shards: one after the other in this process, or wherever the flow says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

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
        """Call the function with each shard."""
        return [work(shard, *arguments) for shard in shards]


IN_TURN = InTurn()
