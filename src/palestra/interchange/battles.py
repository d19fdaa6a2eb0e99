"""Battles as JSONL: one record a line, read and written as a stream."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from palestra.errors import DataError
from palestra.interchange.rows import read_rows
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read_battles(path: str | os.PathLike[str]) -> Iterator[Battle]:
    """The battles of a JSONL file, one after another.

    Raises:
        DataError: the file cannot be read, or a row is no battle; with the line.
    """
    name = os.fspath(path)
    for row in read_rows(Path(name)):
        try:
            yield Battle.model_validate(row.data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise DataError(
                first["msg"].removeprefix("Value error, "), path=name, line=row.line, key=key
            ) from None


def write_battles(path: str | os.PathLike[str], battles: Iterable[Battle]) -> int:
    """Write a JSONL file, whole or not at all; returns how many battles it holds.

    Raises:
        DataError: the file cannot be written.
    """
    place = Path(os.fspath(path))
    draft = place.with_name(f".{place.name}.{os.getpid()}.draft")
    count = 0
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            for battle in battles:
                file.write(battle.json_line() + "\n")
                count += 1
        draft.replace(place)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", path=place) from None
    finally:
        draft.unlink(missing_ok=True)
    return count
