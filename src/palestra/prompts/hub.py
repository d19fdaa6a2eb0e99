"""Prompts out of a Hugging Face dataset by name; needs the extra `hub`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.errors import DataError, UsageError, nearest
from palestra.interchange.rows import Row
from palestra.prompts.shapes import COLUMNS, PROMPT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.config.schema import PromptSource


def hub_rows(source: PromptSource) -> Iterator[Row]:
    """The rows of `source.name`, numbered from 1; streamed, not downloaded whole, where `limit` is set.

    Only the columns that can matter to a prompt are read.

    Raises:
        UsageError: the extra `hub` is not installed.
        DataError: there is no such dataset, configuration, split or field, or it cannot be reached.
    """
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{source.name} is a Hugging Face dataset, and reading those needs the extra `hub`",
            hint="pip install 'palestra[hub]'; or download it, and give its folder as `path`",
        ) from error
    from httpx import HTTPError

    row = 0
    try:
        for row, data in enumerate(_open(datasets, source), 1):
            yield Row(row, data)
    except (datasets.exceptions.DatasetsError, HTTPError, OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"cannot be read: {_words(error)}",
            path=source.name,
            line=row + 1 if row else None,
            hint=_advice(error),
        ) from error
    if row == 0:
        raise DataError(f"split {source.split!r} holds no rows", path=source.name)


def _open(datasets: Any, source: PromptSource) -> Any:
    where = {"path": source.name, "name": source.config, "revision": source.revision}
    data = datasets.load_dataset(**where, split=source.split, streaming=source.limit is not None)
    columns = data.column_names
    if not columns:
        return data
    if source.field and source.field not in columns:
        raise DataError(
            f"there is no column {source.field!r}; there are: {', '.join(columns)}",
            path=source.name,
            key="field",
            hint=nearest(source.field, columns),
        )
    if not source.field and not any(column in PROMPT_COLUMNS for column in columns):
        return data
    return data.select_columns([column for column in columns if column in COLUMNS or column == source.field])


def _words(error: BaseException) -> str:
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"{said}: {_words(error.__cause__)}" if error.__cause__ else said


def _advice(error: Exception) -> str | None:
    if isinstance(error, ConnectionError):
        return "the hub cannot be reached from here; download the dataset, and give its folder as `path`"
    if "gated" in str(error).lower():
        return "accept its terms on the hub, and set HF_TOKEN"
    return None
