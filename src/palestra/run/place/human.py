"""The arena's battles, written on into a result folder."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import duckdb

from palestra.interchange.battle_query import Unreadable, first_line
from palestra.interchange.battle_reader import read_battles
from palestra.records.battle import Battle, Source
from palestra.run.place.arena import HUMAN, ID
from palestra.run.place.talk import text_of

if TYPE_CHECKING:
    from palestra.interchange.battle_query import View
    from palestra.run.place.job import Job

_PLAIN = (
    "battle_id",
    "model_a",
    "model_b",
    "winner",
    "dataset",
    "subset",
    "category",
    "language",
    "tstamp",
    "weight",
    "soft",
    "pref",
    "voter",
    "anonymous",
)
_TEXTS = ("prompt", "response_a", "response_b")
_AT_ONCE = 1024


def write_human(job: Job, file: IO[str]) -> int:
    """Write the human battles that the placement rests on, in the order of their files, a line each; returns
    how many.

    Texts go along only where the new model answered the prompt or the judge decided the pair: an arena's
    conversations are too much to have twice.
    """
    shown = {drawn.prompt.question_id for drawn in job.drawn.battles}
    models = set(job.arena.rows.models)
    hard = job.config.place.labels == "hard"
    written: list[int] = []

    def read(view: View) -> None:
        count = 0
        columns = ", ".join(f'"{name}"' for name in (*_PLAIN, *_TEXTS))
        asked = view._relation().project(f"{ID} AS id, {columns}")
        names = asked.columns
        try:
            for cells in asked.iter_rows(_AT_ONCE):
                row = dict(zip(names, cells, strict=True))
                if row["model_a"] == row["model_b"] or not models.issuperset(
                    (row["model_a"], row["model_b"])
                ):
                    continue
                file.write(_battle(row, with_texts=row["id"] in shown, hard=hard).json_line() + "\n")
                count += 1
        except duckdb.Error as error:
            raise Unreadable(first_line(error)) from None
        written.append(count)

    read_battles(list(job.arena.files), read, filter=HUMAN, also=(*_PLAIN, *_TEXTS, "question_id", "source"))
    return sum(written)


def _battle(row: dict[str, Any], *, with_texts: bool, hard: bool) -> Battle:
    told = {name: row[name] for name in _PLAIN if row[name] is not None}
    if hard:
        told["soft"] = False
    if with_texts:
        told |= {name: text_of(row[name]) for name in _TEXTS if row[name] is not None}
    return Battle.model_validate({**told, "question_id": row["id"], "source": Source.HUMAN})
