"""Random damage to a file, and what of it is left whole."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

GARBAGE = (
    b"<html><body>Too many requests</body></html>\n",
    b'{"finance": {"error": {"code": "Unauthorized"}}}\n',
    b"Exceeded the daily hits limit\n",
    b"NaN",
    b"inf",
    b"null",
    b"-",
    b"0",
    b"9",
    b",",
    b";",
    b'"',
    b".",
    b"e",
    b"\n",
    b"\r\n",
    b"\x00",
    b"\xff",
    b"\x1c",
    b"\xe2\x80\xa8",
    b"1e999",
    b"true",
    b"[",
    b"}",
    b" ",
)


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A file after damage.

    Attributes:
        data: its bytes.
        origin: of each byte its place in the undamaged file, -1 where it is new.
    """

    data: bytes
    origin: tuple[int, ...] = field(repr=False)

    def find(self, start: int, end: int) -> list[int]:
        """Where the undamaged bytes from ``start`` to ``end`` stand whole and in a row."""
        wanted = list(range(start, end))
        return [
            place
            for place, origin in enumerate(self.origin)
            if origin == start and list(self.origin[place : place + len(wanted)]) == wanted
        ]


Pieces = list[tuple[int, int]]


@st.composite
def damages(draw: Callable[..., int], good: bytes, *, most: int = 3) -> Damaged:
    """Cut, duplicate, swap, replace, insert and shuffle, a few times over."""
    pieces: Pieces = [(place, byte) for place, byte in enumerate(good)]
    for _ in range(draw(st.integers(1, most))):
        pieces = _damage(draw, pieces)
    return Damaged(data=bytes(byte for _, byte in pieces), origin=tuple(origin for origin, _ in pieces))


def _damage(draw: Callable[..., int], pieces: Pieces) -> Pieces:
    size = len(pieces)
    start = draw(st.integers(0, max(size - 1, 0)))
    end = min(size, start + draw(st.sampled_from([1, 1, 2, 3, 5, 8, 20, 60, 400])))
    kind = draw(st.sampled_from(["cut", "duplicate", "end", "swap", "replace", "shuffle", "line", "insert"]))
    if kind == "swap":
        return _swapped(draw, pieces, start=start, end=end)
    if kind == "shuffle":
        return _shuffled(draw, pieces)
    if kind in {"line", "insert"}:
        new = [(-1, byte) for byte in GARBAGE[draw(st.integers(0, len(GARBAGE) - 1))]]
        at = _line_start(pieces, start) if kind == "line" else start
        return pieces[:at] + new + pieces[at:]
    if kind == "replace":
        new = [(-1, draw(st.integers(0, 255))) for _ in range(min(end - start, 8))]
        return pieces[:start] + new + pieces[start + len(new) :]
    rest = {"cut": pieces[end:], "duplicate": pieces[start:end] * 2 + pieces[end:], "end": []}
    return pieces[:start] + rest[kind]


def _swapped(draw: Callable[..., int], pieces: Pieces, *, start: int, end: int) -> Pieces:
    other = draw(st.integers(end, len(pieces)))
    after = min(other + end - start, len(pieces))
    return pieces[:start] + pieces[other:after] + pieces[end:other] + pieces[start:end] + pieces[after:]


def _line_start(pieces: Pieces, place: int) -> int:
    while place and pieces[place - 1][1] != ord("\n"):
        place -= 1
    return place


def _shuffled(draw: Callable[..., int], pieces: Pieces) -> Pieces:
    lines: list[Pieces] = [[]]
    for piece in pieces:
        lines[-1].append(piece)
        if piece[1] == ord("\n"):
            lines.append([])
    first, rest = lines[:1], lines[1:]
    for place in range(len(rest) - 1, 0, -1):
        other = draw(st.integers(0, place))
        rest[place], rest[other] = rest[other], rest[place]
    return [piece for line in [*first, *rest] for piece in line]
