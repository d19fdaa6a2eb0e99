"""Palestra's own battles, and tables in anybody's columns that the user maps to them.

Palestra's columns are those of `battle_columns.py`. What FastChat's notebooks and many others call a battles
CSV (`model_a, model_b, winner`) is a part of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from palestra.interchange.battle_columns import COLUMNS, REQUIRED
from palestra.interchange.outside.base import DamagedError, Format, Rowwise
from palestra.interchange.outside.cells import compact, moment, pseudonym, text, unpacked
from palestra.interchange.outside.talks import conversation
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from palestra.interchange.outside.base import BattleRow, Data, Options

_TEXTS = ("prompt", "response_a", "response_b")
_NESTED = ("flags", "style")
_KINDS = {
    "VARCHAR": "a text",
    "DOUBLE": "a number",
    "BIGINT": "a whole number",
    "BOOLEAN": "true or false",
    "VARCHAR[]": "a list of texts",
    "JSON": "an object of numbers",
}
_HOLDS = {
    **dict.fromkeys(_TEXTS, "a text, or messages with a role and a content"),
    "source": "human, llm-judge or metric",
    "order": "ab, ba or both",
    "weight": "a number from 0",
    "pref": "a number from 0 to 1",
}
"""What a column holds, where its type does not say it."""


def _fits(data: Data) -> bool:
    return data.keys() >= set(REQUIRED) and data.keys() <= COLUMNS.keys() and not _is_turned(data)


def _is_turned(data: Data) -> bool:
    """Whether pref is B's share, as JudgeArena writes it."""
    from palestra.interchange.outside.judgearena import told_turned

    return told_turned(data) is True


def _convert(data: Data) -> Iterator[BattleRow]:
    yield battle(data)


def battle(data: Mapping[str, Any]) -> BattleRow:
    """The row in Palestra's columns; further ones are left out.

    Raises:
        DamagedError: it is no battle.
    """
    row = {name: value for name, value in data.items() if name in COLUMNS and value is not None}
    row = {name: value for name, value in row.items() if value != "" or name in _TEXTS}
    for name in _NESTED:
        if name in row:
            row[name] = unpacked(row[name], name)
    for name in _TEXTS:
        if name in row:
            row[name] = _told(row[name])
    for name in ("model_a", "model_b", "battle_id", "question_id", "voter"):
        if name in row:
            row[name] = text(row, name)
    try:
        found = Battle.model_validate(row)
    except ValidationError as error:
        column = str(error.errors(include_url=False)[0]["loc"][0])
        seen = row.get(column)
        raise DamagedError(_expected(column, seen), key=column, seen=seen) from None
    return found.model_dump(mode="json", exclude_none=True)


def _expected(column: str, seen: Any) -> str:
    """What a column that no battle can have should have held."""
    if seen is None:
        return "missing or empty"
    if column == "winner":
        return "unknown winner"
    return f"expected {_HOLDS.get(column) or _KINDS[COLUMNS[column]]}"


def _told(value: Any) -> Any:
    """Messages out of the JSON text that stands for them in CSV and Parquet; any other text as it is."""
    if not (isinstance(value, str) and value.startswith('[{"role":')):
        return value
    try:
        return conversation(value, "prompt")
    except DamagedError:
        return value


def _mapped(options: Options) -> Rowwise:
    given = options.columns
    target = {field: column for column, field in given.items()}

    def convert(data: Data) -> Iterator[BattleRow]:
        row = {name: value for name, value in data.items() if name in COLUMNS and name not in target}
        for field, column in target.items():
            if column not in data and field in REQUIRED:
                raise DamagedError(f"there is no column {column!r}", key=field)
            row[field] = data.get(column)
        row["winner"] = _winner(row, options.winners)
        if "voter" in target:
            row["voter"] = pseudonym(text(row, "voter"))
        row["tstamp"] = moment(row, "tstamp")
        yield battle(compact(row))

    return Rowwise(convert, *(["voters became hashes"] if "voter" in target else []))


def _winner(row: Mapping[str, Any], words: Mapping[str, str]) -> Any:
    """The file's word for the outcome in ours; the winning model's name says who won, too."""
    word = text(row, "winner")
    if word is None:
        return None
    if word in words:
        return words[word]
    models = [text(row, "model_a"), text(row, "model_b")]
    if word in models and models[0] != models[1]:
        return ("model_a", "model_b")[models.index(word)]
    return word


FORMATS = (
    Format(
        name="palestra",
        title="Palestra battles",
        shape="model_a, model_b, winner and no column that is not Palestra's",
        fits=_fits,
        make=lambda _: Rowwise(_convert),
    ),
    Format(
        name="columns",
        title="a table whose columns --map names",
        shape="whatever --map says",
        fits=lambda _: False,
        make=_mapped,
    ),
)
