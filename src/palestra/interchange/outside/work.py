"""A conversion while it runs: what was gained so far, in drafts that become the outputs at its end."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import duckdb

from palestra.errors import DataError
from palestra.interchange.outside import write
from palestra.interchange.outside.base import DamagedError, Left
from palestra.interchange.outside.columnar import Columnar, connected, run, told
from palestra.interchange.outside.detect import unreadable
from palestra.interchange.outside.files import read
from palestra.interchange.outside.tally import FileTally, Tally
from palestra.records.response import Response
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from palestra.interchange.outside.base import Converter, Format, Options, Piece
    from palestra.interchange.outside.files import Row, Source

_BETWEEN_REPORTS = 0.2
_LOOK = 256
"""Rows between two looks at the clock."""
KINDS = ("battles", "verdicts", "responses")


@dataclass(frozen=True, slots=True)
class Step:
    """How far a conversion is."""

    file: str
    """The file that is read, or what is done after that."""
    rows: int
    """Read of this file, or done."""
    total: int | None
    """Rows of this file, where they are known."""
    finished: bool = False
    """Whether the file is read to its end."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is written, and where; None is not written."""

    battles: Path | None = None
    verdicts: Path | None = None
    responses: Path | None = None

    def wanted(self) -> list[str]:
        """The names of what is written."""
        return [name for name in KINDS if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Input:
    """A file whose format is known."""

    source: Source
    format: Format
    detected: bool
    columnar: Columnar | None


@dataclass(slots=True)
class Work:
    """A conversion while it runs: drafts that grow, file by file."""

    options: Options
    strict: bool
    progress: Callable[[Step], None] | None
    outputs: Outputs
    stack: ExitStack
    tally: Tally = field(default_factory=Tally)
    _drafts: dict[str, Path] = field(default_factory=dict)
    _open: dict[str, IO[str]] = field(default_factory=dict)
    _parts: list[Columnar | Path] = field(default_factory=list)
    _converters: dict[str, Converter] = field(default_factory=dict)
    _reported: float = 0.0

    def __post_init__(self) -> None:
        for name in self.outputs.wanted():
            target = getattr(self.outputs, name)
            if name == "battles":
                write.shape_of(target)
            self._drafts[name] = self.stack.enter_context(write.draft_of(target))
        for name in ("verdicts", "responses"):
            if name in self._drafts:
                self._open[name] = self._opened(self._drafts[name])

    def _opened(self, path: Path) -> IO[str]:
        return self.stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))

    def add(self, one: Input) -> None:
        """Convert one file."""
        counted = FileTally(
            one.source.name, one.format.name, one.format.title, one.detected, one.source.counts
        )
        self.tally.files.append(counted)
        if one.columnar is not None and "battles" in self._drafts:
            self._add_columnar(one.columnar, one.format, counted)
        else:
            self._add_rows(one, counted)

    def _converter(self, format: Format) -> Converter:
        if format.name not in self._converters:
            self._converters[format.name] = format.make(self.options)
        return self._converters[format.name]

    def _add_columnar(self, part: Columnar, format: Format, counted: FileTally) -> None:
        with connected() as connection, told(part.source):
            counted.rows = part.rows(connection)
            self._report(Step(counted.name, 0, counted.rows), now=True)
            refused = part.refused(connection)
        for one in refused:
            if one.damaged and self.strict:
                raise _damage(part.source, one.first[0], one.reason, None)
            for number in one.first:
                self.tally.add_reason(one.reason, counted.name, number, damaged=one.damaged)
            self.tally.reasons[one.reason].count += one.count - len(one.first)
        counted.converted = counted.rows - sum(one.count for one in refused)
        self.tally.battles += counted.converted
        self._converter(format)
        self._close_lines()
        self._parts.append(part)

    def _add_rows(self, one: Input, counted: FileTally) -> None:
        converter = self._converter(one.format)
        converter.start(one.source.path.name)
        last: Row | None = None
        for last in read(one.source):
            counted.rows += 1
            if last.data is None:
                self._damaged(one.source, last, last.problem or "", None, None)
                continue
            try:
                gained = [self._take(piece, one.source, last) for piece in converter.convert(last.data)]
            except DamagedError as error:
                self._damaged(one.source, last, error.reason, error.key, error.message)
                continue
            counted.converted += any(gained) or not gained
            self._report(Step(counted.name, counted.rows, None))
        if last is None:
            raise unreadable(one.source, [])
        self._report(Step(counted.name, counted.rows, counted.rows, finished=True), now=True)

    def _damaged(self, source: Source, row: Row, reason: str, key: str | None, message: str | None) -> None:
        if self.strict:
            raise _damage(source, row.line, reason if message is None else message, key, row.element)
        self.tally.add_reason(reason, source.name, row.line, row.element, damaged=True, example=message)

    def _take(self, piece: Piece, source: Source | None, row: Row | None) -> bool:
        """Write a piece if it is wanted; whether it was."""
        name = source.name if source is not None else "in all files"
        line, element = (row.line, row.element) if row is not None else (0, None)
        if isinstance(piece, Left):
            self.tally.add_reason(piece.reason, name, line, element)
        elif isinstance(piece, DamagedError):
            if self.strict and source is not None:
                raise _damage(source, line, piece.message, piece.key, element)
            self.tally.add_reason(piece.reason, name, line, element, damaged=True, example=piece.message)
        elif isinstance(piece, Verdict | Response):
            return self._record("verdicts" if isinstance(piece, Verdict) else "responses", piece)
        elif "battles" in self._drafts:
            self.tally.battles += 1
            write.write_line(self._lines(), write.battle_line(piece))
            return True
        return False

    def _record(self, name: str, piece: Verdict | Response) -> bool:
        if name not in self._open:
            return False
        write.write_line(self._open[name], write.text_line(piece.json_line()))
        setattr(self.tally, name, getattr(self.tally, name) + 1)
        return True

    def _lines(self) -> IO[str]:
        """The part of the battles that is written row by row."""
        if "battles" not in self._open:
            path = self._beside(f"part{len(self._parts)}.jsonl")
            self._parts.append(path)
            self._open["battles"] = self._opened(path)
        return self._open["battles"]

    def _close_lines(self) -> None:
        file = self._open.pop("battles", None)
        if file is not None:
            file.close()

    def _beside(self, name: str) -> Path:
        """A scratch file in the output's folder, which has room for it if for anything."""
        path = self._drafts["battles"].with_suffix(f".{name}")
        self.stack.callback(path.unlink, missing_ok=True)
        return path

    def _report(self, step: Step, *, now: bool = False) -> None:
        if self.progress is None or not (now or step.rows % _LOOK == 0):
            return
        moment = time.monotonic()
        if now or moment - self._reported >= _BETWEEN_REPORTS:
            self._reported = moment
            self.progress(step)

    def finish(self) -> Tally:
        """Write what waited, and put the battles together."""
        for converter in self._converters.values():
            for piece in converter.end():
                self._take(piece, None, None)
            self.tally.add_notes(converter.notes())
        for file in self._open.values():
            file.close()
        self._open.clear()
        if not (self.tally.battles or self.tally.verdicts or self.tally.responses):
            raise _nothing(self.tally)
        if "battles" in self._drafts:
            self._assemble()
        return self.tally

    def _assemble(self) -> None:
        draft, target = self._drafts["battles"], self.outputs.battles
        assert target is not None
        shape = write.shape_of(target)
        if shape == "jsonl":
            for number, part in enumerate(self._parts):
                path = part if isinstance(part, Path) else self._beside(f"columns{number}.jsonl")
                if isinstance(part, Columnar):
                    self._copy(part.query(shape), path, shape)
                _append(path, draft)
            return
        structs = all(isinstance(part, Columnar) for part in self._parts)
        queries = [
            write.select_for(shape, write.lines_as_query(part))
            if isinstance(part, Path)
            else part.query(shape, structs=structs)
            for part in self._parts
        ]
        self._copy(" UNION ALL ".join(queries), draft, shape)

    def _copy(self, query: str, path: Path, shape: write.Shape) -> None:
        assert self.outputs.battles is not None
        name, rows, furthest = f"writing {self.outputs.battles}", self.tally.rows, 0.0

        def report(share: float) -> None:
            nonlocal furthest
            furthest = max(furthest, share)  # at its end DuckDB knows nothing any more
            self._report(Step(name, int(furthest * rows), rows), now=True)

        with connected() as connection:
            try:
                run(connection, write.copy(query, path, shape), report)
            except duckdb.Error as error:
                words = str(error).strip().splitlines()[0]
                raise DataError(f"cannot be written: {words}", path=self.outputs.battles) from None


def _append(part: Path, draft: Path) -> None:
    if draft.stat().st_size == 0:
        part.replace(draft)
        return
    with part.open("rb") as source, draft.open("ab") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    part.unlink()


def _damage(
    source: Source, line: int, message: str, key: str | None, element: int | None = None
) -> DataError:
    if element is not None:
        key = f"element {element}" if key is None else f"element {element}, {key}"
    return DataError(message, path=source.name, line=line, key=key)


def _nothing(tally: Tally) -> DataError:
    """The error of a conversion that gave nothing."""
    reasons = list(tally.reasons.items())
    if not reasons:
        return DataError("the files hold nothing to convert")
    told = "; ".join(f"{known.count:,} × {reason}" for reason, known in reasons[:5])
    first = reasons[0][1]
    (name, line), element = first.first[0], first.elements[0]
    return DataError(
        f"none of the {tally.rows:,} rows could be converted: {told}",
        path=name,
        line=line or None,
        key=None if element is None else f"element {element}",
    )
