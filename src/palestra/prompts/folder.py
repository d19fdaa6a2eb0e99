"""Which files of a local folder make up a split, by the names that Hugging Face datasets use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from palestra.errors import DataError, nearest
from palestra.interchange.rows import is_row_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_DATA = {"config.json", "dataset_dict.json", "dataset_info.json", "dataset_infos.json", "state.json"}
_SHARD = re.compile(r"(?P<split>.+?)-\d{5}-of-\d{5}")
_SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}


def split_files(folder: Path, split: str, config: str | None = None) -> list[Path]:
    """The files of a split, sorted: `data/train-00000-of-00002.parquet`, `train.jsonl`, `train/*.csv`.

    A configuration is a subfolder. In a folder where no name says a split, every file is `train`.

    Raises:
        DataError: the folder holds no data, or not this split or configuration.
    """
    try:
        root = _config_folder(folder, config)
        files = sorted(_data_files(root))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=error.filename or folder) from error
    if not files:
        raise DataError(
            "the folder holds no data",
            path=root,
            hint="expected files such as train.jsonl, train/1.csv or data/train-00000-of-00001.parquet",
        )
    named = [(file, _split_of(file.relative_to(root))) for file in files]
    if not any(name for _, name in named):
        named = [(file, "train") for file in files]
    splits = sorted({name for _, name in named if name})
    wanted = split if split in splits else _SPLITS.get(split, split)
    if wanted not in splits:
        raise DataError(
            f"there is no split {split!r}; there are: {', '.join(splits)}",
            path=root,
            hint=nearest(split, splits),
        )
    return [file for file, name in named if name == wanted]


def _config_folder(folder: Path, config: str | None) -> Path:
    if config is None:
        return folder
    for candidate in (folder / config, folder / "data" / config):
        if candidate.is_dir():
            return candidate
    folders = [child.name for child in sorted(folder.iterdir()) if child.is_dir() and child.name[0] != "."]
    there = f"there are: {', '.join(folders)}" if folders else "it has no subfolders"
    raise DataError(
        f"there is no configuration {config!r}; {there}",
        path=folder,
        hint=nearest(config, folders) if folders else "leave `config` out",
    )


def _data_files(root: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """All files with rows in them. A link to a folder that it stands in is not followed."""
    real = root.resolve()
    if real in above:
        return
    for child in root.iterdir():
        if child.name.startswith((".", "__")) or child.name in _NOT_DATA:
            continue
        if child.is_dir():
            yield from _data_files(child, above | {real})
        elif is_row_file(child):
            yield child


def _split_of(relative: Path) -> str | None:
    """`data/test_sft-00000-of-00001.parquet`: test_sft. `valid/1.csv`, `dev.jsonl`: validation."""
    stem = relative.name.split(".")[0]
    shard = _SHARD.fullmatch(stem)
    if shard:
        return _SPLITS.get(shard["split"], shard["split"])
    words = [re.split(r"[-_ ]", stem)[0], *reversed(relative.parts[:-1])]
    return next((_SPLITS[word.lower()] for word in words if word.lower() in _SPLITS), None)
