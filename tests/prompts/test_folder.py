from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from palestra.config.schema import PromptSource
from palestra.errors import DataError
from palestra.prompts.files import read_prompts
from palestra.prompts.folder import split_files

Fill = Callable[..., Path]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Makes a dataset folder; each file holds one prompt, its own name."""

    def make(*names: str) -> Path:
        folder = tmp_path / "my-data"
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".parquet":
                pq.write_table(pa.table({"prompt": [name]}), path)
            else:
                path.write_text(json.dumps({"prompt": name}))
        return folder

    return make


@pytest.mark.parametrize(
    ("names", "split", "expected"),
    [
        (
            ["data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet", "README.md"],
            "train",
            ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
        ),
        (["data/train_sft-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"], "train_sft", None),
        (["train.jsonl", "test.jsonl"], "test", ["test.jsonl"]),
        (["train/b.jsonl", "train/a.parquet", "test/a.jsonl"], "train", ["train/a.parquet", "train/b.jsonl"]),
        (["dev.jsonl", "train.jsonl"], "validation", ["dev.jsonl"]),
        (["validation.jsonl", "train.jsonl"], "dev", ["validation.jsonl"]),
        (["Test-part.jsonl", "other.jsonl"], "test", ["Test-part.jsonl"]),
        (["b.jsonl", "a.jsonl", "dataset_infos.json", ".cache/c.jsonl"], "train", ["a.jsonl", "b.jsonl"]),
    ],
)
def test_files_of_a_split(fill: Fill, names: list[str], split: str, expected: list[str] | None) -> None:
    folder = fill(*names)
    found = [str(path.relative_to(folder)) for path in split_files(folder, split)]
    assert found == (expected or names[:1])


def test_a_configuration_is_a_subfolder(fill: Fill) -> None:
    folder = fill("en/train.jsonl", "it/train.jsonl")
    assert split_files(folder, "train", "it") == [folder / "it/train.jsonl"]
    with pytest.raises(DataError, match="no configuration 'fr'; there are: en, it"):
        split_files(folder, "train", "fr")


def test_prompts_come_from_all_files_and_are_named_after_the_folder(fill: Fill) -> None:
    folder = fill("data/train-00000-of-00001.parquet", "data/train.jsonl")
    prompts = read_prompts(PromptSource(path=Path("my-data")), seed=0, base_dir=folder.parent)
    assert [prompt.text for prompt in prompts] == ["data/train-00000-of-00001.parquet", "data/train.jsonl"]
    assert {prompt.dataset for prompt in prompts} == {"my-data"}


def test_an_unknown_split_names_those_that_are_there(fill: Fill) -> None:
    folder = fill("train.jsonl", "test.jsonl")
    with pytest.raises(DataError, match="no split 'tets'; there are: test, train") as caught:
        split_files(folder, "tets")
    assert caught.value.hint == "did you mean 'test'?"


def test_a_folder_without_data_is_an_error(fill: Fill) -> None:
    folder = fill("README.md", "state.json", "notes/a.txt")
    with pytest.raises(DataError, match="the folder holds no data"):
        split_files(folder, "train")


def test_an_error_names_the_file_in_the_folder(fill: Fill) -> None:
    folder = fill("train/a.jsonl", "train/b.jsonl")
    (folder / "train/b.jsonl").write_text('{"prompt": ""}\n')
    with pytest.raises(DataError) as caught:
        read_prompts(PromptSource(path=folder), seed=0, base_dir=folder)
    assert (caught.value.path, caught.value.line) == (str(folder / "train/b.jsonl"), 1)


def test_links_that_lead_back_are_not_followed(fill: Fill) -> None:
    folder = fill("a/train.jsonl")
    for name in ("up", "again"):
        (folder / "a" / name).symlink_to(folder, target_is_directory=True)
    assert split_files(folder, "train") == [folder / "a/train.jsonl"]
