"""Damage to files: to their bytes, and to the values that they hold."""

from __future__ import annotations

import copy
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SPLICES = [
    *(b'" \' { } [ ] : , | > & * ! # - ? % @ ` ~ < = ( \\ \n \r \t \0 \x1f'.split(b" ")),
    b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xf0\x9f\x8f\x9b", b"\\ud800", b"\\u0000",
    b"null", b"true", b"NaN", b"Infinity", b"-1", b"0", b"1e999", b"1e308", b"9" * 25, b"9" * 5000,
    b"[" * 3000, b"{\"a\":" * 3000, b"---\n", b"<<: *a", b"PAR1", b"\x1f\x8b",
]  # fmt: skip
"""Pieces that mean something in YAML, JSON, CSV, Parquet or UTF-8, or that are too much of something."""

EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(SPLICES) | st.binary(max_size=4)),
    min_size=1,
    max_size=4,
)
"""Where (a share of the length), how many bytes to drop, and what to put there."""

ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.sampled_from(["", " ", "model_a", "tie", "left", "One", "2", "-1", "nan", "\0", "x" * 5000]),
    st.sampled_from([0, -1, 1, 1e308, 5e-324, 10**400]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 3) | st.none() | st.text(max_size=2), max_size=3),
    st.dictionaries(st.sampled_from(["label", "model", "role", "content", "x"]), st.integers() | st.none()),
)
"""Values where others were expected."""


def edited(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """The content after `EDITS`."""
    for share, drop, splice in edits:
        place = int(share * len(content))
        content = content[:place] + splice + content[place + drop :]
    return content


@st.composite
def altered(draw: st.DrawFn, data: Any) -> Any:
    """Plain data of which some values are replaced, taken out, doubled or given another key."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        ways = [way for way in _ways(data) if way]
        if not ways:
            break
        way = draw(st.sampled_from(ways))
        holder = data
        for part in way[:-1]:
            holder = holder[part]
        match draw(st.sampled_from(["replace", "replace", "replace", "remove", "again"])):
            case "replace":
                holder[way[-1]] = draw(ODD)
            case "remove":
                del holder[way[-1]]
            case "again" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[way[-1]]))
            case "again":
                holder[draw(st.sampled_from(["x", "", "modle", "label", "repeat"]))] = holder.pop(way[-1])
    return data


def _ways(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside."""
    found = [way]
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        found += _ways(part, (*way, key))
    return found


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if the block takes longer; it is interrupted, so that a hang ends too."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
