"""Real votes of a crowd (llmfao): what is exported is what counting them by hand gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.interchange.exports.making import made
from tests.support.require import shared_data

from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Hashable

WINNERS = {"left": "model_a", "right": "model_b", "tie": "tie"}


@pytest.fixture(scope="module")
def votes() -> pd.DataFrame:
    """4,143 votes of 124 people, with the texts."""
    folder = shared_data("llmfao")
    found = pd.read_csv(folder / "crowd_votes.csv.gz", dtype=str)
    answers = pd.read_parquet(folder / "answers.parquet")
    for side in ("left", "right"):
        texts = answers.rename(columns={"model": side, "output": f"{side}_text", "text": f"{side}_prompt"})
        found = found.merge(texts, on=["slug", side], how="left", validate="many_to_one")
    return found


def as_battles(votes: pd.DataFrame) -> list[Battle]:
    names = {"slug": "question_id", "left": "model_a", "right": "model_b", "worker": "voter"}
    names |= {"left_prompt": "prompt", "left_text": "response_a", "right_text": "response_b"}
    rows = votes.rename(columns=names).assign(winner=votes["winner"].map(WINNERS), source="human")
    return [Battle.model_validate(row) for row in rows.drop(columns="right_prompt").to_dict("records")]


def counted(votes: pd.DataFrame) -> dict[Hashable, list[float]]:
    """Slug and both texts, one after the other in the alphabet → the votes for the first: 1, ½ or 0."""
    found: dict[Hashable, list[float]] = {}
    for vote in votes.itertuples():
        left, right = (" ".join(str(text).casefold().split()) for text in (vote.left_text, vote.right_text))
        share = {"left": 1.0, "right": 0.0, "tie": 0.5}[str(vote.winner)]
        if left and right and left != right:
            place = (vote.slug, *sorted((left, right)))
            found.setdefault(place, []).append(share if left < right else 1 - share)
    return found


def test_pairs_on_which_people_agree(votes: pd.DataFrame) -> None:
    found, report = made(as_battles(votes), min_agreement=0.75, min_judges=3, details=True)
    wanted = 0
    for shares in counted(votes).values():
        mean = sum(shares) / len(shares)
        agreeing = sum(share == (1.0 if mean > 0.5 else 0.0) for share in shares)
        wanted += mean != 0.5 and agreeing >= 3 and agreeing >= 0.75 * len(shares)
    assert report.battles == 4143
    assert len(found["train"]) == wanted > 100
    assert report.pairs == len(counted(votes))
    assert all(row["judges"] >= 3 and row["share"] > 0.5 for row in found["train"])


def test_pairs_on_which_people_contradict_each_other(votes: pd.DataFrame) -> None:
    _, kept = made(as_battles(votes))
    _, dropped = made(as_battles(votes), contradictions="drop")
    both = [shares for shares in counted(votes).values() if {0.0, 1.0} <= set(shares)]
    even = [shares for shares in both if sum(shares) == len(shares) / 2]
    assert kept.resolved == len(both) - len(even)
    assert dropped.dropped_pairs["judged both ways"] == len(both) > 50
    assert kept.rows - dropped.rows == kept.resolved
