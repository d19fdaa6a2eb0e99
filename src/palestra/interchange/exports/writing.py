"""Rows to files: JSON lines, a JSON list, Parquet, or a folder as the Hugging Face hub lays datasets out."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from palestra.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from palestra.interchange.exports.columns import Column

Form = Literal["jsonl", "json", "parquet", "folder", "stdout"]
_FORMS: dict[str, Form] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    "": "folder",
}
_BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
"""Plain in JSON, and yet the end of a line to some readers."""
_ROW_GROUP = 8192
_LEAST_OBJECT = 1 << 24
_SPLITS = ("train", "test")
CARD = "README.md"


def one_line(json_text: str) -> str:
    """JSON as one line for every reader."""
    return f"{json_text.translate(_BREAKS)}\n"


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go."""

    path: Path
    form: Form

    @classmethod
    def of(cls, out: str | os.PathLike[str], *, splits: bool) -> Target:
        """The target that `out` names: by its ending, a folder without one, `-` for standard output.

        Raises:
            UsageError: an ending that is not known, splits to standard output, or a folder with other things.
        """
        name = os.fspath(out)
        if name == "-":
            if splits:
                raise UsageError("standard output takes no two splits", key="--out", hint="name a folder")
            return cls(Path(name), "stdout")
        path = Path(name)
        form = "folder" if path.is_dir() else _FORMS.get(path.suffix.lower())
        if form is None:
            raise UsageError(
                f"{path.suffix} is no kind of file that is written",
                path=path,
                key="--out",
                hint=f"known: {', '.join(filter(None, _FORMS))}; a name without an ending is a folder",
            )
        if form == "folder":
            _check_folder(path)
        return cls(path, form)

    def files(self, splits: Sequence[str]) -> dict[str, Path]:
        """Split → file. A file of one split has the name that was given, one of two says which it is."""
        if self.form == "folder":
            return {split: self.path / "data" / f"{split}-00000-of-00001.parquet" for split in splits}
        if len(splits) == 1:
            return {splits[0]: self.path}
        return {split: self.path.with_name(f"{self.path.stem}-{split}{self.path.suffix}") for split in splits}


def write(
    target: Target, splits: Mapping[str, Callable[[], Iterable[str]]], columns: Sequence[Column], card: str
) -> list[Path]:
    """Write rows, JSON texts of each split; a file appears whole or not at all. The files that were written.

    Raises:
        DataError: a file cannot be written.
    """
    if target.form == "stdout":
        for bodies in splits.values():
            sys.stdout.writelines(map(one_line, bodies()))
        return []
    files = target.files(list(splits))
    at = target.path
    try:
        if target.form == "folder":
            (target.path / "data").mkdir(parents=True, exist_ok=True)
            _remove_others(target.path / "data", set(files.values()))
        for split, at in files.items():
            with draft(at) as place:
                _WRITERS[target.form](place, splits[split](), columns)
        if target.form != "folder":
            return list(files.values())
        at = target.path / CARD
        with draft(at) as place:
            place.write_text(card, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", path=at) from None
    return [*files.values(), target.path / CARD]


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place at the end of the block."""
    place = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        yield place
        place.replace(path)
    finally:
        place.unlink(missing_ok=True)


def _check_folder(path: Path) -> None:
    """See that nothing but an earlier export is in the way."""
    if not path.exists():
        return
    if not path.is_dir():
        raise UsageError(
            "a name without an ending is a folder, and this is a file",
            path=path,
            key="--out",
            hint=f"name a new folder, or a file that ends in {', '.join(filter(None, _FORMS))}",
        )
    other = next((entry for entry in sorted(path.iterdir()) if not _is_ours(entry)), None)
    if other is not None:
        raise UsageError(
            f"the folder holds something else: {other.name}", path=path, key="--out", hint="name a new folder"
        )


def _is_ours(entry: Path) -> bool:
    if entry.name == "data" and entry.is_dir():
        return all(_is_part(part) for part in entry.iterdir())
    if entry.name != CARD or not entry.is_file():
        return False
    return "\n- palestra\n" in entry.read_text(encoding="utf-8", errors="replace")[:2000]


def _is_part(path: Path) -> bool:
    return path.suffix == ".parquet" and path.name.startswith(tuple(f"{split}-" for split in _SPLITS))


def _remove_others(folder: Path, files: set[Path]) -> None:
    for path in folder.iterdir():
        if _is_part(path) and path not in files:
            path.unlink()


def _lines(path: Path, bodies: Iterable[str], columns: Sequence[Column]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(map(one_line, bodies))


def _list(path: Path, bodies: Iterable[str], columns: Sequence[Column]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        mark = "[\n"
        for body in bodies:
            file.write(mark + body.translate(_BREAKS))
            mark = ",\n"
        file.write("[]\n" if mark == "[\n" else "\n]\n")


def _parquet(path: Path, bodies: Iterable[str], columns: Sequence[Column]) -> None:
    import tempfile

    import duckdb

    with tempfile.TemporaryDirectory(prefix="palestra-") as folder:
        lines = Path(folder) / "rows.jsonl"
        longest = 0
        with lines.open("w", encoding="utf-8", newline="") as file:
            for body in bodies:
                file.write(one_line(body))
                longest = max(longest, 4 * len(body))
        parquet = Path(folder) / "rows.parquet"
        shape = ", ".join(f"{_quoted(column.name)}: {_quoted(column.sql)}" for column in columns)
        rows = (
            f"read_json({_quoted(str(lines))}, format='newline_delimited', columns={{{shape}}}, "
            f"maximum_object_size={max(longest, _LEAST_OBJECT)})"
        )
        with duckdb.connect(config={"threads": "1", "autoinstall_known_extensions": "false"}) as connection:
            try:
                connection.execute(
                    f"COPY (FROM {rows}) TO {_quoted(str(parquet))} "
                    f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
                )
            except duckdb.Error as error:
                raise DataError(f"cannot be written: {str(error).splitlines()[0]}", path=path) from None
        shutil.copyfile(parquet, path)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_WRITERS: dict[Form, Callable[[Path, Iterable[str], Sequence[Column]], None]] = {
    "jsonl": _lines,
    "json": _list,
    "parquet": _parquet,
    "folder": _parquet,
}
