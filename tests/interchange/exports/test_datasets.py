"""The Hugging Face library `datasets` loads every format, with the columns and types that TRL documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import datasets
import pytest
from datasets import Features, List, Value
from tests.interchange.exports.making import battle, model, system, user

from palestra.interchange.exports import BattleSource, Target, Wishes, exported
from palestra.interchange.exports.columns import columns

if TYPE_CHECKING:
    from pathlib import Path

TEXT, TALK = Value("string"), List({"role": Value("string"), "content": Value("string")})
FACTS: dict[str, Any] = {
    "question_id": "7", "source": "human", "dataset": "d", "category": "c", "language": "en", "voter": "x"
}  # fmt: skip
BATTLES = [
    *[battle(prompt=f"p{n}", a=f"good {n}", **FACTS) for n in range(20)],
    battle("tie (bothbad)", prompt="ties", **FACTS),
    battle(prompt=[system("Be brief."), user("q")], **FACTS),
    battle(a=[user("1"), model("a"), user("2"), model("b")], b=[user("1"), model("c"), user("2"), model("d")],
           prompt=[user("1"), user("2")], **FACTS),
]  # fmt: skip

DOCUMENTED: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("dpo", "explicit"): {"said": ("prompt", "chosen", "rejected")},
    ("dpo", "implicit"): {"said": ("chosen", "rejected")},
    ("reward", "explicit"): {"said": ("prompt", "chosen", "rejected")},
    ("reward", "implicit"): {"said": ("chosen", "rejected")},
    ("kto", "explicit"): {"said": ("prompt", "completion"), "bool": ("label",)},
    ("sft", "explicit"): {"said": ("prompt", "completion")},
}


def documented(kind: str, style: str, prompted: str) -> Features:
    said: Any = TEXT if style == "plain" else TALK
    if kind == "ranked":
        ranked = {"model_name": TEXT, "avg_score": Value("float64"), "response": said}
        return Features({"prompt": said, "ranked_models": List(ranked)})
    if (kind, prompted) == ("sft", "implicit"):
        return Features({"text": TEXT} if style == "plain" else {"messages": TALK})
    named = DOCUMENTED[kind, prompted]
    labels = {name: Value("bool") for name in named.get("bool", ())}
    return Features(dict.fromkeys(named["said"], said) | labels)


CASES = [(kind, prompted) for kind, prompted in DOCUMENTED] + [("sft", "implicit"), ("ranked", "explicit")]


def write(out: Path, wishes: Wishes) -> list[Path]:
    with exported([BattleSource("a test", BATTLES)], wishes) as export:
        return export.write(Target.of(out, splits=wishes.test_share > 0))


@pytest.mark.parametrize("form", ["folder", "jsonl"])
@pytest.mark.parametrize("style", ["plain", "conversational"])
@pytest.mark.parametrize(("kind", "prompted"), CASES)
def test_datasets_loads_it_as_trl_documents_it(
    kind: Any, prompted: Any, style: Any, form: str, tmp_path: Path
) -> None:
    wishes = Wishes(kind=kind, style=style, prompted=prompted, test_share=0.3)
    files = write(tmp_path / "set" if form == "folder" else tmp_path / f"set.{form}", wishes)
    where: dict[str, Any] = {"path": str(tmp_path / "set")}
    if form != "folder":
        names = {"train": str(files[0]), "test": str(files[1])}
        where = {"path": "json", "data_files": names}
    data = datasets.load_dataset(**where, cache_dir=str(tmp_path / "cache"))
    assert set(data) == {"train", "test"}
    for split in data.values():
        assert split.features == documented(kind, style, prompted)
        assert split.column_names == [column.name for column in columns(wishes)]
    assert not {str(row) for row in data["train"]} & {str(row) for row in data["test"]}


@pytest.mark.parametrize("kind", ["dpo", "kto", "sft", "ranked"])
def test_details_have_the_types_that_the_card_tells(kind: Any, tmp_path: Path) -> None:
    wishes = Wishes(kind=kind, style="plain", details=True)
    write(tmp_path / "set", wishes)
    data = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))["train"]
    assert data.column_names == [column.name for column in columns(wishes)]
    for column in columns(wishes):
        if isinstance(data.features[column.name], Value):
            assert data.features[column.name].dtype == column.type
    assert data[0]["dataset"] == "d"
