"""The tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.web.measure import percentiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.web.measure import Found

VOTE_MS = 150.0
"""What the 99th percentile of a vote may be."""


def paced(arena: str, found: Found) -> Iterator[str]:
    """What an arena's voters waited for."""
    seen = found.seen
    yield (
        f"  {arena}: {len(seen.errors)} errors, {len(seen.acknowledged)} votes acknowledged, "
        f"{found.stored} of them in the database, {found.votes_per_second:.1f} votes/s"
    )
    used = f"server {100 * found.cpu / seen.took:.0f} %, generator {100 * seen.cpu / seen.took:.0f} %"
    yield f"    {'':19}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}  ms   (of one core: {used})"
    rows = (("a vote", seen.votes), ("starting a battle", seen.begins), ("the first text", seen.firsts))
    for what, seconds in rows:
        yield f"    {what:19}" + "".join(f"{value:9.1f}" for value in percentiles(seconds))
    yield from (f"    {error[:200]}" for error in seen.errors[:3])


def limits(found: Found) -> Iterator[str]:
    """Whether what is wanted of Palestra was seen."""
    yield _judged("errors", len(found.seen.errors), 0)
    yield _judged("votes lost", found.lost, 0)
    marks = percentiles(found.seen.votes)
    yield _judged("p99 of a vote, ms", marks[2] if marks else float("inf"), VOTE_MS)


def saturated(found: Mapping[str, Sequence[tuple[int, Found]]]) -> Iterator[str]:
    """Votes per second by the number of voters, and the ratio of each arena's best."""
    for arena, several in found.items():
        for voters, one in several:
            mistakes = f", {len(one.seen.errors)} errors" if one.seen.errors else ""
            mistakes += f", {one.lost} lost" if one.lost else ""
            yield (
                f"  {arena:9} {voters:4} voters {one.votes_per_second:8.1f} votes/s"
                f"   (server {100 * one.cpu / one.seen.took:.0f} %{mistakes})"
            )
    best = {name: max(one.votes_per_second for _, one in several) for name, several in found.items()}
    if len(best) == 2:
        ours, theirs = best["palestra"], best["gradio"]
        yield f"  palestra / gradio, each at its best {ours / theirs:8.2f}"


def _judged(what: str, value: float, most: float) -> str:
    met = "met" if value <= most else "NOT met"
    return f"    {what:19}{value:9.1f}   (wanted: at most {most:g}; {met})"
