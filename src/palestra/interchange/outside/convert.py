"""Outside files in, Palestra's battles (verdicts, answers) out."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from palestra.errors import UsageError
from palestra.interchange.outside.base import Options
from palestra.interchange.outside.columnar import columnar
from palestra.interchange.outside.detect import detect
from palestra.interchange.outside.files import open_source
from palestra.interchange.outside.registry import MAPPED, format_named
from palestra.interchange.outside.work import Input, Outputs, Step, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from palestra.interchange.outside.tally import Tally

PathLike = str | os.PathLike[str]
_WAYS = {"battles": "-o battles.jsonl", "verdicts": "--verdicts FILE", "responses": "--responses FILE"}


def convert(
    files: PathLike | Iterable[PathLike],
    out: PathLike | None = None,
    *,
    verdicts: PathLike | None = None,
    responses: PathLike | None = None,
    format: str | None = None,
    options: Options | None = None,
    strict: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> Tally:
    """Convert outside files to battles in `out` (`.jsonl`, `.csv` or `.parquet`), and what judges and models
    said to `verdicts` and `responses` (JSONL, as in a result folder).

    The format of each file is found by its columns unless `format` says it; `options.columns` says that the
    files are tables whose columns it names. Rows that cannot be read are counted with their first lines; with
    `strict` the first one ends it. Each output is written whole or not at all. The same files give the same
    bytes. Memory holds no more than a row group, or the values of one JSON document that is a single object.

    Raises:
        UsageError: nothing that the files hold is to be written, an output would be written over a file that
            is read or over another output, or options that make no sense.
        DataError: a file cannot be read, its format is not unmistakable, no row gives anything, or `strict`
            and a row is damaged.
    """
    wishes = options or Options()
    if isinstance(files, str | os.PathLike):
        files = [files]
    files = list(files)
    outputs = Outputs(*(None if path is None else Path(path) for path in (out, verdicts, responses)))
    _check_apart(outputs, files)
    with ExitStack() as stack:
        inputs = [_opened(path, format, wishes, outputs, stack) for path in files]
        if not inputs:
            raise UsageError("there are no files to convert")
        work = Work(wishes, strict, progress, outputs, stack)
        for one in inputs:
            work.add(one)
        return work.finish()


def _check_apart(outputs: Outputs, files: Iterable[PathLike]) -> None:
    """That each output is a file of its own, and none is read."""
    read = [Path(path) for path in files if Path(path).exists()]
    seen: dict[Path, str] = {}
    for kind in outputs.wanted():
        target: Path = getattr(outputs, kind)
        if target.exists() and any(target.samefile(path) for path in read):
            raise UsageError("is read, and would be written over", path=target, hint="write to another file")
        if (other := seen.setdefault(target.resolve(), kind)) != kind:
            raise UsageError(f"both {other} and {kind} would be written to it", path=target)


def _opened(path: PathLike, name: str | None, options: Options, outputs: Outputs, stack: ExitStack) -> Input:
    name = _checked(name, options)
    source = open_source(path, stack)
    found = detect(source) if name is None else format_named(name)
    if not found.gives & set(outputs.wanted()):
        given = " or ".join(way for kind, way in _WAYS.items() if kind in found.gives)
        held = " and ".join(sorted(found.gives))
        raise UsageError(
            f"{found.title} ({found.name}) hold {held}, which are not to be written",
            path=source.name,
            hint=f"add {given}",
        )
    return Input(source, found, name is None, columnar(source, found))


def _checked(name: str | None, options: Options) -> str | None:
    """The format that is said; a table's, if columns are named."""
    if options.columns and name not in (None, MAPPED):
        raise UsageError(f"--map names the columns of a table, and --from says {name}", hint="leave one out")
    if name == MAPPED and not options.columns:
        raise UsageError(
            "a table needs --map", key="--from", hint="as in --map left=model_a --map vote=winner"
        )
    return MAPPED if options.columns else name
