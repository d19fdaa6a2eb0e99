"""Whose file this is, by the keys of its rows; where that is not unmistakable, an error asks."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING

from palestra.errors import DataError
from palestra.interchange.outside.files import open_source, read
from palestra.interchange.outside.registry import MAPPED, OWN, formats

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from palestra.interchange.outside.base import Data, Format
    from palestra.interchange.outside.files import Row, Source

LOOKED_AT = 200
"""Rows at the beginning of a file."""
_SHOWN = 20


def detect(source: Source) -> Format:
    """The one format that the first rows fit.

    Raises:
        DataError: none fits, or several do, or none of the rows can be read.
    """
    rows = list(islice(read(source), LOOKED_AT))
    sound = [row.data for row in rows if row.data is not None]
    if not sound:
        raise unreadable(source, rows)
    found = _common(sound)
    if len(found) == 1:
        return found[0]
    keys = ", ".join(list(sound[0])[:_SHOWN]) + (", …" if len(sound[0]) > _SHOWN else "")
    what = (
        f"it could be {' or '.join(one.name for one in found)}"
        if found
        else "no known format has these columns"
    )
    raise DataError(f"{what}; seen: {keys}", path=source.name, hint=_advice(found))


def whose(path: str | os.PathLike[str]) -> str | None:
    """Whose file it is, in words, if battles can be made of it; None if that is not known for sure."""
    try:
        with ExitStack() as stack:
            found = detect(open_source(path, stack))
    except DataError:
        return None
    return f"{found.title} ({found.name})" if "battles" in found.gives and found.name != OWN else None


def _common(rows: Sequence[Data]) -> list[Format]:
    """What the first row that fits anything fits, as far as the further rows do not rule it out."""
    for place, row in enumerate(rows):
        left = [one for one in formats().values() if one.fits(row)]
        if not left:
            continue
        for other in rows[place + 1 :]:
            if len(left) == 1:
                break
            left = [one for one in left if one.fits(other)] or left
        return left
    return []


def unreadable(source: Source, rows: list[Row]) -> DataError:
    """The error of a file of which no row can be read."""
    if not rows:
        return DataError("the file holds no rows", path=source.name)
    first = rows[0]
    key = None if first.element is None else f"element {first.element}"
    return DataError(first.problem or "no row can be read", path=source.name, line=first.line, key=key)


def _advice(found: list[Format]) -> str:
    if found:
        choices = "\n".join(f"  --from {one.name}: {one.title}" for one in found)
        return f"say which it is:\n{choices}"
    known = "\n".join(f"  {one.name}: {one.shape}" for one in formats().values() if one.name != MAPPED)
    return (
        f"say what it is with --from NAME, or name its columns, as in --map left=model_a --map right=model_b "
        f"--map vote=winner; known:\n{known}"
    )
