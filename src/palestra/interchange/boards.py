"""Boards, read back: our own JSON and CSV, other people's tables, or battles, ranked on the spot."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.errors import DataError
from palestra.interchange.rows import check_file, read_rows
from palestra.ranking.table import few
from palestra.ranking.win_rate import z_exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from palestra.interchange.rows import Row
    from palestra.records.rating import Leaderboard

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "name", "label", "key"),
    "rating": ("rating", "score", "arena_score", "elo", "elo_rating", "arena_elo", "bt_elo", "win_rate"),
    "low": ("ci_low", "low", "lower", "lower_bound", "ci_lower", "rating_q025", "rating_lower"),
    "high": ("ci_high", "high", "upper", "upper_bound", "ci_upper", "rating_q975", "rating_upper"),
    "range": ("95_pct_ci", "ci_95_pct", "95_ci", "ci_95", "ci"),
    "variance": ("variance", "variances"),
    "error": ("standard_error", "std_error", "se"),
    "component": ("component",),
}
"""What a column may be called, the first found counts. Case, spaces and punctuation do not."""
LEVEL = 0.95
"""The coverage of intervals that do not say it."""
_HINT = (
    "a board is what `palestra rank` writes as JSON or CSV, a table with columns such as model and rating, "
    "or battles"
)
_SIGNED = r"([-+]?\d+(?:\.\d+)?)"
_RANGE = re.compile(rf"\(?\s*{_SIGNED}\s*[/,]\s*{_SIGNED}\s*\)?")


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A model on a board that was read; None is not known."""

    model: str
    rating: float
    low: float | None
    high: float | None
    variance: float | None
    """The squared standard error of the rating, if the file tells it."""
    component: int = 0
    """Ratings compare only within the same number."""


@dataclass(frozen=True, slots=True)
class ReadBoard:
    """A board as far as a file tells it."""

    name: str
    """The path as given."""
    kind: str
    """The method, such as `bradley-terry`; `table` where it is not known."""
    level: float
    """The coverage of its intervals."""
    rows: tuple[BoardRow, ...]
    warnings: tuple[str, ...] = ()


def read_board(path: str | os.PathLike[str]) -> ReadBoard:
    """Read a board.

    `path`: a `leaderboard.json` or `elo_ratings.json`, what `palestra rank` writes as JSON or CSV (of
    several boards in one file, the overall one), a CSV, TSV, JSONL, JSON or Parquet table with columns as
    in `COLUMNS`, or battles: a file of them, a run folder, or `-` for standard input. Battles are ranked by
    Bradley-Terry with sandwich intervals. A range such as `+5/-4` is relative to the rating, the plus being
    above. A row without a rating is left out and named in a warning.

    Raises:
        DataError: the file cannot be read, is no board, names a model twice, or holds a rating or bound
            that is no number; with the line or the key.
    """
    name = os.fspath(path)
    if name == "-" or os.path.isdir(name):
        return _ranked(name)
    check_file(Path(name))
    rows = read_rows(Path(name))
    first = next(rows)
    if "model_a" in first.data and "model_b" in first.data:
        return _ranked(name)
    if isinstance(first.data.get("ratings"), list):
        return _of_json(first.data, name)
    return _of_table([first, *rows], name)


def _ranked(name: str) -> ReadBoard:
    from palestra.interchange.rank import rank

    return _of_leaderboard(rank(name), name)


def _of_leaderboard(board: Leaderboard, name: str) -> ReadBoard:
    rows = [
        BoardRow(row.model, row.rating, row.ci_low, row.ci_high, None, row.component) for row in board.ratings
    ]
    return ReadBoard(name, board.method, board.interval.level, tuple(rows), tuple(board.warnings))


def _of_json(data: Mapping[str, Any], name: str) -> ReadBoard:
    interval = data.get("interval")
    level = interval.get("level") if isinstance(interval, dict) else None
    if level is not None and not (_is_number(level) and 0 < level < 1):
        raise DataError(f"expected a share, found {level!r}", path=name, key="interval.level")
    method = data.get("method")
    entries = []
    for number, row in enumerate(data["ratings"]):
        if not isinstance(row, dict):
            raise DataError("expected an object", path=name, key=f"ratings.{number}")
        entries.append((None, f"ratings.{number}.", row))
    rows, warnings = _collect(name, entries)
    if isinstance(interval, dict) and interval.get("simultaneous") is True:
        warnings = (*warnings, "the intervals hold for all models at once: wider ones, that separate less")
    return ReadBoard(name, method if isinstance(method, str) else "table", level or LEVEL, rows, warnings)


def _of_table(rows: Iterable[Row], name: str) -> ReadBoard:
    """A table; of ours with several boards, the overall one."""
    overall = [row for row in rows if "group" not in row.data or row.data.get("by") in (None, "overall")]
    found, warnings = _collect(name, [(row.line, "", row.data) for row in overall])
    return ReadBoard(name, "table", LEVEL, found, warnings)


def _collect(
    name: str, entries: Iterable[tuple[int | None, str, Mapping[str, Any]]]
) -> tuple[tuple[BoardRow, ...], tuple[str, ...]]:
    """The rows of a board from each one's line, what comes before its keys, and its data."""
    found: dict[str, BoardRow | None] = {}
    headers: dict[tuple[str, ...], Mapping[str, str]] = {}
    for line, prefix, data in entries:
        header = tuple(data)
        if header not in headers:
            headers[header] = _columns(header)
        place = _Place(name, line, prefix, data, headers[header])
        model = place.model()
        if model in found:
            raise place.wrong("model", f"the model {model!r} is there twice")
        found[model] = place.row(model)
    bare = [model for model, row in found.items() if row is None]
    warnings = (f"left out, having no rating: {few(bare)}",) if bare else ()
    return tuple(row for row in found.values() if row is not None), warnings


def _columns(header: Sequence[str]) -> Mapping[str, str]:
    """What each of `COLUMNS` is called here, of those there are."""
    plain = {_plain(name): name for name in reversed(header)}
    named = {
        what: next((plain[name] for name in names if name in plain), None) for what, names in COLUMNS.items()
    }
    return {what: name for what, name in named.items() if name is not None}


@dataclass(frozen=True, slots=True)
class _Place:
    """A row and where it stands."""

    path: str
    line: int | None
    prefix: str
    """What comes before the column in the key of an error."""
    data: Mapping[str, Any]
    columns: Mapping[str, str]

    def row(self, model: str) -> BoardRow | None:
        """The row; None without a rating."""
        rating = self._number("rating")
        if rating is None:
            self._need("rating")
            return None
        low, high = self._bounds(rating)
        error = self._number("error")
        variance = self._number("variance") if error is None else error**2
        if (low is None or high is None) and variance is not None and variance >= 0:
            reach = z_exact(LEVEL) * math.sqrt(variance)
            low, high = rating - reach, rating + reach
        if low is not None and high is not None and low > high:
            raise self.wrong("low", f"the lower bound {low:g} is above the upper one {high:g}")
        if variance is not None and variance < 0:
            raise self.wrong("variance", f"a variance of {variance:g}")
        return BoardRow(model, rating, low, high, variance, self._component())

    def model(self) -> str:
        """The model's name."""
        value = self.data[self._need("model")]
        if not isinstance(value, str) or not value.strip():
            raise self.wrong("model", f"expected a model's name, found {value!r}")
        return value

    def wrong(self, what: str, problem: str) -> DataError:
        """The error for one of the row's columns."""
        key = f"{self.prefix}{self.columns.get(what, what)}"
        return DataError(problem, path=self.path, line=self.line, key=key)

    def _need(self, what: str) -> str:
        if what not in self.columns:
            raise DataError(
                f"no column with a {what}; the columns are {', '.join(map(repr, self.data))}",
                path=self.path,
                line=self.line,
                key=self.prefix.rstrip(".") or None,
                hint=_HINT,
            )
        return self.columns[what]

    def _value(self, what: str) -> Any:
        return self.data[self.columns[what]] if what in self.columns else None

    def _number(self, what: str) -> float | None:
        """The number in a column; None where there is none, or no such column."""
        value = self._value(what)
        if value is None or (isinstance(value, str) and value.strip().casefold() in ("", "nan", "none", "-")):
            return None
        try:
            number = float(value) if _is_number(value) or isinstance(value, str) else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.wrong(what, f"expected a number, found {value!r}")
        return number

    def _bounds(self, rating: float) -> tuple[float | None, float | None]:
        low, high = self._number("low"), self._number("high")
        text = self._value("range")
        if (
            low is not None
            or high is not None
            or text is None
            or (isinstance(text, str) and not text.strip())
        ):
            return low, high
        found = _RANGE.fullmatch(text.strip()) if isinstance(text, str) else None
        below, above = sorted(float(step) for step in found.groups()) if found else (1.0, 0.0)
        if not below <= 0 <= above:
            raise self.wrong("range", f"expected a range such as +5/-4, found {text!r}")
        return rating + below, rating + above

    def _component(self) -> int:
        number = self._number("component")
        return 0 if number is None else int(number)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", name.casefold().replace("%", " pct ")).strip("_")
