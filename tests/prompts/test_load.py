from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from palestra.config.schema import PromptSource
from palestra.errors import DataError
from palestra.prompts.load import load_prompts

Source = Callable[..., PromptSource]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A file of prompts, given as id=text."""

    def write(name: str, dataset: str | None = None, **prompts: str) -> PromptSource:
        rows = [json.dumps({"id": key, "prompt": text}) for key, text in prompts.items()]
        (tmp_path / name).write_text("\n".join(rows))
        return PromptSource(path=tmp_path / name, dataset=dataset)

    return write


def ids(*sources: PromptSource) -> list[str]:
    return [prompt.question_id for prompt in load_prompts(sources, seed=0, base_dir=Path())]


def test_sources_follow_each_other(source: Source) -> None:
    assert ids(source("b.jsonl", x="p", y="q"), source("a.jsonl", z="r")) == ["x", "y", "z"]
    assert ids() == []


def test_an_id_of_several_datasets_is_prefixed_in_each(source: Source) -> None:
    first, second = source("a.jsonl", x="p", y="q"), source("b.jsonl", x="r", z="s")
    assert ids(first, second) == ["a/x", "y", "b/x", "z"]
    assert sorted(ids(second, first)) == sorted(ids(first, second))


def test_a_prompt_listed_twice_counts_once(source: Source) -> None:
    one = source("a.jsonl", x="p", y="q")
    assert ids(one, one) == ["x", "y"]


def test_one_id_for_different_prompts_of_one_dataset_is_an_error(source: Source) -> None:
    first, second = source("a.jsonl", dataset="d", x="p"), source("b.jsonl", dataset="d", x="q")
    with pytest.raises(DataError, match="'d/x' stands for different prompts") as caught:
        ids(first, second)
    assert "its own `dataset`" in (caught.value.hint or "")


def test_a_prefixed_id_that_another_prompt_has_is_an_error(source: Source) -> None:
    third = source("c.jsonl", **{"a/x": "t"})
    with pytest.raises(DataError, match="'a/x' stands for different prompts"):
        ids(source("a.jsonl", x="p"), source("b.jsonl", x="q"), third)
