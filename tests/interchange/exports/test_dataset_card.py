"""A card states the facts it is given, and is read by the hub's own reader."""

from __future__ import annotations

from typing import Any

import yaml
from huggingface_hub import DatasetCard

from palestra.interchange.exports import CardColumn, CardFacts, CardModel, CardSubset, card

FACTS = CardFacts(
    title="Pairs of an arena",
    summary="Two answers to each prompt.\n\nThe better one is named.",
    subsets=[
        CardSubset(
            {"train": "data/train-*.parquet", "test": "data/test-*.parquet"},
            {"train": 1200, "test": 99},
            [CardColumn("prompt", "string", "what was asked")],
        )
    ],
    sources=["battles.jsonl: 2,000 battles"],
    judges=["people: 3 voters"],
    models=[CardModel("A", "openai gpt-4o", "proprietary"), CardModel("B|<b>\n# c")],
    languages=["en", "Polish", "de"],
    filters=["ties make no pair"],
    counts=[("battles read", 2000)],
    parameters={"seed": 7},
    versions={"palestra": "1.2"},
    licence="cc-by-4.0",
    tags=["dpo"],
    tasks=["text-generation"],
    notes=["Made by judges."],
)


def read_card(text: str) -> dict[str, Any]:
    front: dict[str, Any] = DatasetCard(text).data.to_dict()  # type: ignore[no-untyped-call]
    return front


def test_the_hub_reads_the_front_matter() -> None:
    read = read_card(card(FACTS))
    assert read["license"] == "cc-by-4.0"
    assert read["language"] == ["de", "en"]
    assert read["size_categories"] == ["1K<n<10K"]
    assert read["tags"] == ["palestra", "dpo"]
    assert read["configs"][0]["data_files"][1] == {"split": "test", "path": "data/test-*.parquet"}


def test_everything_that_is_known_is_said() -> None:
    text = card(FACTS)
    for said in (
        "| train | data/train-\\*.parquet | 1,200 |",
        "| prompt | string | what was asked |",
        "- battles.jsonl: 2,000 battles",
        "- people: 3 voters",
        "| A | openai gpt-4o | proprietary |",
        "- ties make no pair",
        "| battles read | 2,000 |",
        "| seed | 7 |",
        "| palestra version | 1.2 |",
        "Polish",
        "- Made by judges.",
    ):
        assert said in text


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    text = card(CardFacts(title="t", summary="s", models=[CardModel("A")]))
    assert "| A | not known | not known |" in text
    assert "Licence of the dataset: not stated." in text
    assert set(yaml.safe_load(text.split("---\n")[1])) == {"pretty_name", "tags"}


def test_a_hostile_name_stays_in_its_cell() -> None:
    assert "| B\\|\\<b\\> \\# c | not known | not known |" in card(FACTS)


def test_several_subsets_have_a_heading_each() -> None:
    subsets = [CardSubset({"train": f"{name}.jsonl"}, {"train": 1}, name=name) for name in ("battles", "dpo")]
    text = card(CardFacts(title="t", summary="s", subsets=subsets))
    assert "## Data: battles" in text
    assert "## Data: dpo" in text
    assert [config["config_name"] for config in read_card(text)["configs"]] == ["battles", "dpo"]
