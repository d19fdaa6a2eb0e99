"""What AlpacaEval's length regression has besides battles: difficulties of prompts, and gamed baselines."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from palestra.errors import DataError, UsageError
from palestra.interchange.rows import read_rows
from palestra.ranking.length.control import Gamed, length_feature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from palestra.ranking.arrays import Floats

RowsInput: TypeAlias = str | os.PathLike[str] | Iterable[Mapping[str, Any]]
"""A CSV, JSONL, JSON or Parquet file, or rows as dicts."""
_PROMPT = ("question_id", "instruction_id")
_DIFFICULTY = ("difficulty",)
_FEATURE = ("length_feature", "tanh_std_delta_len")
_SHARE = ("share", "soft_label")
_LENGTHS = (("len_model",), ("len_baseline",))
_MODEL = ("gamed_model", "model")


@dataclass(frozen=True, slots=True, eq=False)
class Difficulties:
    """How hard each of q prompts is, in the order of the file."""

    position: Mapping[str, int]
    """By prompt."""
    value: Floats
    """(q,)"""


def read_difficulties(source: RowsInput) -> Difficulties:
    """Rows of `question_id` (or `instruction_id`) and `difficulty`.

    Raises:
        DataError: rows that cannot be read, a prompt that is there twice, a difficulty that is no number.
    """
    position: dict[str, int] = {}
    values: list[float] = []
    for place, row in _rows(source, "difficulty"):
        name = place.text(row, _PROMPT)
        if name in position:
            raise place.error(f"the prompt {name!r} is there twice", _PROMPT[0])
        position[name] = len(values)
        values.append(place.number(row, _DIFFICULTY))
    return Difficulties(position, np.array(values))


def read_gamed(source: RowsInput) -> Gamed:
    """Rows of a baseline against itself told to be verbose, or concise.

    Each has a `difficulty`, a `share` in [0, 1] (or `soft_label`) that the told one won, and either a
    `length_feature` (or `tanh_std_delta_len`) or both lengths, `len_model` and `len_baseline`; these are
    scaled for each `gamed_model` (or `model`) by itself.

    Raises:
        DataError: rows that cannot be read, or lack one of these.
    """
    features, difficulties, shares, models, lengths = [], [], [], [], []
    for place, row in _rows(source, "gamed"):
        difficulties.append(place.number(row, _DIFFICULTY))
        share = place.number(row, _SHARE)
        if not 0 <= share <= 1:
            raise place.error(f"expected a share between 0 and 1, not {share:g}", _SHARE[0])
        shares.append(share)
        if _value(row, _FEATURE) is None and _value(row, _LENGTHS[0]) is not None:
            lengths.append(tuple(place.number(row, names) for names in _LENGTHS))
            models.append(str(_value(row, _MODEL)))
        else:
            features.append(place.number(row, _FEATURE))
    if features and lengths:
        raise DataError(
            f"some rows have a {_FEATURE[0]} and others only lengths", path=_name(source, "gamed")
        )
    feature = np.array(features) if features else _scaled(models, lengths)
    return Gamed(feature, np.array(difficulties), np.array(shares))


def _scaled(models: Sequence[str], lengths: Sequence[tuple[float, ...]]) -> Floats:
    measured, feature = np.array(lengths).reshape(-1, 2), np.zeros(len(lengths))
    for name in sorted(set(models)):
        here = np.array([model == name for model in models])
        feature[here] = length_feature(measured[here, 0], measured[here, 1])
    return feature


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row is, and how its cells are read."""

    path: str
    line: int | None

    def error(self, message: str, key: str) -> DataError:
        """An error in this row."""
        return DataError(message, path=self.path, line=self.line, key=key)

    def text(self, row: Mapping[str, Any], names: tuple[str, ...]) -> str:
        """A cell as text; numbers as they are written."""
        value = _value(row, names)
        if value is None or isinstance(value, bool | list | dict):
            raise self.error(f"expected a name, not {value!r}", names[0])
        return str(value)

    def number(self, row: Mapping[str, Any], names: tuple[str, ...]) -> float:
        """A cell as a finite number."""
        value = _value(row, names)
        try:
            number = float(value) if not isinstance(value, bool) else math.nan
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            what = (
                f"there is no {' or '.join(names)}" if value is None else f"expected a number, not {value!r}"
            )
            raise self.error(what, names[0])
        return number


def _value(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """What the row has under the first of these names; None for nothing, or an empty text."""
    found = next((row[name] for name in names if row.get(name) is not None), None)
    return None if found == "" else found


def _rows(source: RowsInput, what: str) -> Iterator[tuple[_Place, Mapping[str, Any]]]:
    if isinstance(source, str | os.PathLike):
        name = os.fspath(source)
        for row in read_rows(Path(name)):
            yield _Place(name, row.line), row.data
        return
    if not isinstance(source, Iterable):
        raise UsageError(
            f"cannot read {what} from {type(source).__name__}", hint="give a path or rows as dicts"
        )
    for number, data in enumerate(source, 1):
        if not isinstance(data, Mapping):
            raise UsageError(
                f"cannot read a row from {type(data).__name__}", key=what, hint="give a path or rows as dicts"
            )
        yield _Place(f"{what}, row {number}", None), data


def _name(source: RowsInput, what: str) -> str:
    return os.fspath(source) if isinstance(source, str | os.PathLike) else what
