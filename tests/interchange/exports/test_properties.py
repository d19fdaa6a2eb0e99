"""What holds for any battles: who is chosen, what leaks, and what does not matter."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interchange.exports.making import battle, made, model, turned, user

if TYPE_CHECKING:
    from palestra.records.battle import Battle

TEXTS = ["yes", "Yes ", "no", "a longer answer", "another long answer", "maybe"]
PROMPTS = ["p", "P", "q", "r", "s", "t", "u"]
KINDS = ["dpo", "kto", "sft", "reward", "ranked"]


@st.composite
def battles(draw: st.DrawFn) -> Battle:
    prompt = draw(st.sampled_from(PROMPTS))
    a, b = draw(st.lists(st.sampled_from(TEXTS), min_size=2, max_size=2))
    answers: list[Any] = [a, b]
    if draw(st.booleans()):
        second = draw(st.lists(st.sampled_from(TEXTS), min_size=2, max_size=2))
        answers = [
            [user(prompt), model(first), user("and then?"), model(then)]
            for first, then in zip((a, b), second, strict=True)
        ]
    winner = draw(st.sampled_from(["model_a", "model_b", "tie", "tie (bothbad)"]))
    scores = draw(st.one_of(st.none(), st.tuples(st.integers(0, 10), st.integers(0, 10))))
    return battle(
        winner,
        answers[0],
        answers[1],
        prompt,
        model_a=draw(st.sampled_from("ABC")),
        model_b=draw(st.sampled_from("DEF")),
        weight=draw(st.sampled_from([1.0, 0.1, 3.0])),
        voter=draw(st.sampled_from([None, "x", "y"])),
        soft=draw(st.booleans()),
        pref=draw(st.sampled_from([None, 0.1, 0.3, 0.5, 0.9])),
        score_a=scores and scores[0],
        score_b=scores and scores[1],
    )


FOUGHT = st.lists(battles(), min_size=1, max_size=14)
STYLES = st.sampled_from(["plain", "conversational"])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(fought=FOUGHT, style=STYLES, seed=st.integers(0, 99))
def test_neither_the_order_of_the_battles_nor_the_side_of_a_model_matters(
    kind: str, fought: list[Battle], style: str, seed: int
) -> None:
    wishes: dict[str, Any] = {"style": style, "details": True, "test_share": 0.5, "seed": seed}
    rng = random.Random(seed)
    other = [turned(one) if rng.random() < 0.5 else one for one in fought]
    rng.shuffle(other)
    assert made(fought, kind, **wishes) == made(other, kind, **wishes)


def said(talk: Any) -> tuple[tuple[str, str], ...]:
    """A row's turns, normalised."""
    turns = [("user", talk)] if isinstance(talk, str) else [(one["role"], one["content"]) for one in talk]
    return tuple((role, " ".join(text.lower().split())) for role, text in turns)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(fought=FOUGHT, style=STYLES)
def test_no_prompt_is_in_both_splits(kind: str, fought: list[Battle], style: str) -> None:
    found, _ = made(fought, kind, style=style, test_share=0.5)
    train, test = ({said(row["prompt"])[0] for row in found[name]} for name in ("train", "test"))
    assert not train & test


@settings(max_examples=40, deadline=None)
@given(fought=FOUGHT, more=FOUGHT, seed=st.integers(0, 99))
def test_a_prompt_stays_in_its_split_when_battles_are_added(
    fought: list[Battle], more: list[Battle], seed: int
) -> None:
    before, _ = made(fought, "kto", test_share=0.5, seed=seed)
    after, _ = made([*fought, *more], "kto", test_share=0.5, seed=seed)
    for name, other in (("train", "test"), ("test", "train")):
        assert not {said(row["prompt"]) for row in before[name]} & {
            said(row["prompt"]) for row in after[other]
        }


@settings(max_examples=60, deadline=None)
@given(fought=FOUGHT)
def test_every_chosen_answer_won(fought: list[Battle]) -> None:
    games: defaultdict[tuple[Any, ...], list[tuple[float, float]]] = defaultdict(list)
    for one in fought:
        if not (isinstance(one.response_a, str) and isinstance(one.response_b, str)):
            continue
        texts = [said(text) for text in (one.prompt, one.response_a, one.response_b)]
        games[tuple(texts)].append((one.share(), one.weight))
        games[texts[0], texts[2], texts[1]].append((1 - one.share(), one.weight))
    found, _ = made(fought)
    chosen = {tuple(said(row[name]) for name in ("prompt", "chosen", "rejected")) for row in found["train"]}
    won = {
        texts
        for texts, each in games.items()
        if texts[1] != texts[2] and sum(w * s for s, w in each) / sum(w for _, w in each) > 0.5 + 1e-9
    }
    assert chosen == won


@settings(max_examples=40, deadline=None)
@given(fought=FOUGHT)
def test_every_battle_and_every_row_is_accounted_for(fought: list[Battle]) -> None:
    found, report = made(fought, test_share=0.3, per_prompt=2, balance=True, limit=5)
    assert report.battles == len(fought)
    assert report.made - report.dropped_rows.total() == report.rows == sum(map(len, found.values()))
    assert report.made <= report.pairs - report.dropped_pairs.total()
