from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import require

from palestra.config.schema import PromptSource
from palestra.errors import DataError
from palestra.prompts.files import draw, read_prompts
from palestra.records.prompt import Message, Prompt

Read = Callable[..., list[Prompt]]

NUMBERED = [{"id": str(number), "prompt": f"prompt {number}"} for number in range(20)]


def ids(prompts: list[Prompt]) -> list[str]:
    return [prompt.question_id for prompt in prompts]


def numbered(count: int) -> list[Prompt]:
    return [Prompt(question_id=str(n), messages=(Message(role="user", content="p"),)) for n in range(count)]


def test_limit_takes_the_first_and_reads_no_further(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"prompt": "p"}) + "\nnot JSON\n")
    assert len(read_prompts(PromptSource(path=path, limit=1), seed=0, base_dir=tmp_path)) == 1


def test_a_sample_keeps_the_order_and_never_changes(read: Read) -> None:
    """The expected draw is written out: it must be the same on every platform and in every version."""
    assert ids(read(*NUMBERED, sample=5, seed=7)) == ["3", "4", "5", "11", "19"]


def test_limit_comes_before_sample(read: Read) -> None:
    assert set(ids(read(*NUMBERED, limit=4, sample=3))) < {"0", "1", "2", "3"}


def test_a_sample_of_more_than_there_is_takes_all(read: Read) -> None:
    assert len(read(*NUMBERED, sample=50)) == 20


@given(count=st.integers(0, 12), size=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_a_draw_has_its_size_and_no_repetition(count: int, size: int, seed: int) -> None:
    drawn = [int(prompt.question_id) for prompt in draw(numbered(count), size, seed)]
    assert len(drawn) == min(count, size)
    assert drawn == sorted(set(drawn))


def test_every_prompt_is_drawn_equally_often() -> None:
    """2,000 draws of 3 out of 10: each is drawn 600 times, give or take 5 standard deviations (20.5)."""
    counts = dict.fromkeys(range(10), 0)
    for seed in range(2000):
        for prompt in draw(numbered(10), 3, seed):
            counts[int(prompt.question_id)] += 1
    assert all(abs(count - 600) < 103 for count in counts.values())


def test_repeated_contents_without_an_id_are_numbered(read: Read) -> None:
    first, second, other, third = ids(read(*[{"prompt": text} for text in ("p", "p", "q", "p")]))
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert other != first


def test_the_same_row_with_the_same_id_is_one_prompt(read: Read) -> None:
    row = {"id": "a", "prompt": "p"}
    assert ids(read(row, row)) == ["a"]


def test_one_id_for_different_contents_is_an_error(read: Read) -> None:
    with pytest.raises(DataError, match="question_id 'a' stands above for a different prompt") as caught:
        read({"id": "a", "prompt": "p"}, {"id": "b", "prompt": "p"}, {"id": "a", "prompt": "q"})
    assert caught.value.line == 3


def test_the_dataset_is_named_after_the_file(tmp_path: Path) -> None:
    (tmp_path / "my.file.jsonl.gz").touch()
    (tmp_path / "arena-v1.json").write_text('[{"prompt": "p"}]')
    (prompt,) = read_prompts(PromptSource(path=Path("arena-v1.json")), seed=0, base_dir=tmp_path)
    assert prompt.dataset == "arena-v1"


def test_mt_bench() -> None:
    path = require.shared_data("mt_bench") / "question.jsonl"
    prompts = read_prompts(PromptSource(path=path, dataset="mt-bench"), seed=0, base_dir=Path())
    assert ids(prompts) == [str(number) for number in range(81, 161)]
    assert all([m.role for m in prompt.messages] == ["user", "user"] for prompt in prompts)
    assert {prompt.category for prompt in prompts} >= {"writing", "math", "coding"}
    assert {prompt.dataset for prompt in prompts} == {"mt-bench"}


def test_alpacaeval() -> None:
    path = require.shared_data("alpacaeval") / "texts_prompts.parquet"
    prompts = read_prompts(PromptSource(path=path), seed=0, base_dir=Path())
    assert len(prompts) == 120
    assert prompts[0].question_id == "2"
    assert prompts[0].text.startswith("Hi, my sister and her girlfriends want me to play kickball")


def test_llmbar() -> None:
    path = require.shared_data("llmbar") / "instances.parquet"
    prompts = read_prompts(PromptSource(path=path, field="input"), seed=0, base_dir=Path())
    assert len(set(ids(prompts))) == 234
    assert [sum(p.subset == name for p in prompts) for name in ("Natural", "Adversarial/Neighbor")] == [
        100,
        134,
    ]
    with pytest.raises(DataError, match="no column holds a prompt; the columns are: 'subset'"):
        read_prompts(PromptSource(path=path), seed=0, base_dir=Path())
