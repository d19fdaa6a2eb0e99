"""The arena's files in Palestra's columns: as they are, or converted from another arena's, or from the
hub.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from palestra.errors import DataError, UsageError
from palestra.interchange.battle_columns import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from palestra.interchange.outside.files import Row

HUB = "hub:"
TALKS = frozenset({"conversation_a", "conversation_b", "full_conversation"})
"""Columns of other arenas that go by Palestra's names of models and winner."""


@contextmanager
def arena_files(into: Sequence[str]) -> Iterator[list[str]]:
    """Files of battles in Palestra's columns; those that had to be converted live as long as the block.

    A file whose rows have `model_a`, `model_b` and `winner`, and no conversations in another arena's columns,
    is Palestra's. `hub:owner/name` is a dataset of the Hugging Face hub, `hub:owner/name:split` one of its
    splits (`train` unless said).

    Raises:
        DataError: a file cannot be read, or is of no known format.
        UsageError: the extra `hub` is needed and not installed.
    """
    with tempfile.TemporaryDirectory(prefix="palestra-arena-") as scratch:
        yield [_usable(text, Path(scratch) / str(number)) for number, text in enumerate(into)]


def _usable(text: str, scratch: Path) -> str:
    path = Path(text)
    if text.startswith(HUB):
        scratch.mkdir()
        path = _download(text.removeprefix(HUB), scratch)
    name = os.path.relpath(text)
    if not path.exists() and name.count("/") == 1 and not path.suffix:
        raise DataError(
            "there is no such file", path=path, hint=f"a dataset of the Hugging Face hub is {HUB}{name}"
        )
    if is_own(path):
        return str(path)
    from palestra.interchange.outside.convert import convert

    (scratch / "converted").mkdir(parents=True)
    found = scratch / "converted" / f"{path.name.split('.')[0]}.parquet"
    convert(path, found)
    return str(found)


def is_own(path: Path) -> bool:
    """Whether a file, or a run folder, holds battles in Palestra's columns.

    Raises:
        DataError: it cannot be read.
    """
    if path.is_dir():
        return True
    from palestra.interchange.outside.files import open_source, read

    with ExitStack() as stack:
        rows = cast("Generator[Row]", read(open_source(path, stack)))
        stack.enter_context(closing(rows))
        first = next((row.data for row in rows if row.data is not None), None)
    if first is None:
        raise DataError("no row can be read", path=path)
    columns = first.keys()
    return columns >= set(REQUIRED) and not columns & TALKS


def _download(name: str, folder: Path) -> Path:
    """A split of a dataset as a Parquet file."""
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{name} is a Hugging Face dataset, and reading those needs the extra `hub`",
            hint="pip install 'palestra[hub]'; or download it, and give its files",
        ) from error
    from httpx import HTTPError

    dataset, _, split = name.partition(":")
    found = folder / f"{os.path.basename(dataset.rstrip('/'))}.parquet"
    try:
        datasets.load_dataset(dataset, split=split or "train").to_parquet(found)
    except (datasets.exceptions.DatasetsError, HTTPError, OSError, ValueError, RuntimeError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        gated = "accept its terms on the hub, and set HF_TOKEN" if "gated" in said.lower() else None
        raise DataError(
            f"cannot be read from the hub: {said}",
            path=dataset,
            hint=gated or "or download it, and give its files",
        ) from error
    return found
