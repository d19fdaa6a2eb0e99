"""A run's result folder, read back. Rows stream; nothing is kept that the caller does not keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from palestra.errors import ConfigError, DataError
from palestra.interchange.json_text import check_text
from palestra.interchange.rows import check_file, read_rows
from palestra.records.base import Record
from palestra.records.battle import Battle
from palestra.records.manifest import Manifest
from palestra.records.prompt import Prompt
from palestra.records.rating import Leaderboard
from palestra.records.response import Response
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

R = TypeVar("R", bound=Record)

_FILES = (
    "config.yaml",
    "manifest.json",
    "responses.jsonl",
    "verdicts.jsonl",
    "battles.jsonl",
    "leaderboard.json",
)
_HINT = "a result folder of `palestra run` holds " + ", ".join(_FILES)
_MOST_DIGITS = 18
"""Of a whole number in the small files; larger ones are no counts."""
_BOARD = TypeAdapter(Leaderboard)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A result folder: its small files, and iterators over its large ones."""

    path: Path
    config: dict[str, Any]
    manifest: Manifest
    board: Leaderboard
    groups: dict[str, dict[str, Leaderboard]]
    """Further boards by kind (`dataset`, `subset`, `category`) and value."""

    def responses(self) -> Iterator[Response]:
        """The answers, in file order."""
        return _records(self.path / "responses.jsonl", Response)

    def verdicts(self) -> Iterator[Verdict]:
        """The verdicts, in file order."""
        return _records(self.path / "verdicts.jsonl", Verdict)

    def battles(self) -> Iterator[Battle]:
        """The battles, in file order."""
        return _records(self.path / "battles.jsonl", Battle)

    def prompts(self) -> Iterator[Prompt]:
        """The prompts with their references, where the folder has them (`prompts.jsonl`)."""
        path = self.path / "prompts.jsonl"
        return _records(path, Prompt) if path.exists() else iter(())


def open_folder(path: Path) -> RunFolder:
    """Open the result folder at `path`.

    Raises:
        DataError: it is no folder, a file is missing, or one of the small files is damaged. The row files
            raise it, with the line, while they are read.
    """
    try:
        _check_folder(path)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=error.filename or path) from error
    board, groups = _boards(path / "leaderboard.json")
    config = _config(path / "config.yaml")
    return RunFolder(path, config, _manifest(path / "manifest.json"), board, groups)


def open_board(path: Path) -> Leaderboard | None:
    """The overall board of a `leaderboard.json`; None if the file is something else, such as battles.

    Raises:
        DataError: it is a board, but a damaged one.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return None
    if path.suffix.lower() != ".json" or not start.startswith(b"{"):
        return None
    return _boards(path)[0]


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise DataError(
            "not a folder" if path.exists() else "no such folder",
            path=path,
            hint="give the result folder of a run",
        )
    for name in _FILES:
        if not (path / name).exists():
            raise DataError("no such file", path=path / name, hint=_HINT)


def _records(path: Path, kind: type[R]) -> Iterator[R]:
    check_file(path)
    if path.stat().st_size == 0:
        return
    for row in read_rows(path):
        try:
            yield kind.model_validate(row.data)
        except ValidationError as error:
            raise _invalid(error, path, row.line) from None


def _config(path: Path) -> dict[str, Any]:
    from palestra.config.reader import parse, read_text

    try:
        config: dict[str, Any] = parse(read_text(path), path).value
    except ConfigError as error:
        raise DataError(error.message, path=path, line=error.line, key=error.key) from error
    return config


def _manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate(_object(path))
    except ValidationError as error:
        raise _invalid(error, path) from None


def _boards(path: Path) -> tuple[Leaderboard, dict[str, dict[str, Leaderboard]]]:
    data = _object(path)
    groups = data.pop("groups", None) or {}
    if not isinstance(groups, dict) or not all(isinstance(group, dict) for group in groups.values()):
        raise DataError("expected boards by kind and value", path=path, key="groups")
    read = {
        by: {name: _board(board, path, f"groups.{by}.{name}.") for name, board in boards.items()}
        for by, boards in groups.items()
    }
    return _board(data, path, ""), read


def _board(data: Any, path: Path, place: str) -> Leaderboard:
    """A board from its JSON, in which a rating that is no number stands as null."""
    try:
        rows = [row if row.get("rating") is not None else {**row, "rating": "nan"} for row in data["ratings"]]
        return _BOARD.validate_python({**data, "ratings": rows})
    except ValidationError as error:
        raise _invalid(error, path, place=place) from None
    except (AttributeError, KeyError, TypeError):
        problem = "expected a leaderboard with a list of ratings"
        raise DataError(problem, path=path, key=place.rstrip(".") or None) from None


def _object(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        data = json.loads(text, parse_int=_whole)
        check_text(text, data)
    except json.JSONDecodeError as error:
        raise DataError(f"bad JSON: {error.msg}", path=path, line=error.lineno) from error
    except RecursionError:
        raise DataError("bad JSON: nested too deeply", path=path) from None
    except ValueError as error:
        raise DataError(f"bad JSON: {error}", path=path) from error
    if not isinstance(data, dict):
        raise DataError("expected a JSON object", path=path)
    return data


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _text(path: Path) -> str:
    check_file(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError("not UTF-8", path=path) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path) from error


def _invalid(error: ValidationError, path: Path, line: int | None = None, place: str = "") -> DataError:
    first = error.errors(include_input=False, include_url=False)[0]
    key = place + ".".join(str(part) for part in first["loc"])
    return DataError(first["msg"], path=path, line=line, key=key or None)
