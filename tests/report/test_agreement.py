from __future__ import annotations

import builtins
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.report.agreeing import judge_of, llmbar, llmfao, made_up

import palestra
from palestra.analysis.agreement import cohen_kappa
from palestra.config.judge import JudgeConfig
from palestra.errors import DataError, UsageError
from palestra.report.agreement_forms import (
    FIELDS,
    agreement_csv,
    agreement_json,
    agreement_markdown,
    agreement_text,
)

if TYPE_CHECKING:
    from palestra.report.agreement import AgreementReport

Rows = list[dict[str, Any]]
SWAPPED = {"model_a": "model_b", "model_b": "model_a"}
ORDERS = {"ab": "ba", "ba": "ab"}


@pytest.fixture(scope="module")
def crowd() -> AgreementReport:
    judged, human = llmfao()
    return palestra.agree(judged, human=human, by=None, rounds=200)


def test_the_crowd_agrees_with_itself_and_with_gpt_4_as_published(crowd: AgreementReport) -> None:
    """llmfao: people with each other 54.1 %; with their majority, ties left out, gpt-4 76.5 % of 388 pairs
    and gpt-3.5-turbo 61.5 % of 361.
    """
    for judge, share, pairs in (("gpt-4", 0.765, 388), ("gpt-3.5-turbo", 0.615, 361)):
        found = crowd[judge]
        assert found.majority.without_ties.n == pairs
        assert round(found.majority.without_ties.value, 3) == share
        assert found.people_votes is not None
        assert round(found.people_votes.with_ties.value, 3) == 0.541
        low, high = found.majority.without_ties.low, found.majority.without_ties.high
        assert low < found.majority.without_ties.value < high
    assert (crowd.findings.overall.people.n_votes, crowd.findings.overall.people.n_voters) == (4143, 124)
    assert list(crowd.panel_weights) == ["gpt-3.5-turbo", "gpt-4"]
    assert sum(crowd.panel_weights.values()) == pytest.approx(1)
    for judge, weight in crowd.panel_weights.items():
        config = {"label": judge, "endpoint_type": "openai", "model": judge, "panel_weight": weight}
        assert JudgeConfig.model_validate(config).panel_weight == weight
    assert any("only 6 prompts" in warning for warning in crowd.findings.warnings)


def test_llmbars_tables_come_out_in_every_cell() -> None:
    """All 130 tables: right in each order, right in both, and equal in both, where two empty verdicts count
    as equal.
    """
    verdicts, gold, published = llmbar()
    both, original, swapped = (
        palestra.agree(verdicts, gold=gold, by=None, rounds=2, filter=some)
        for some in (None, "\"order\" = 'ab'", "\"order\" = 'ba'")
    )
    cells = 0
    for table in published:
        judge = judge_of(table)
        found = both[judge]
        told = {
            "correct_original": original[judge].majority.with_ties.hits,
            "correct_swapped": swapped[judge].majority.with_ties.hits,
            "correct_both": found.position.right_in_both.hits,
            "equal": (found.position.consistency.hits or 0) + found.coverage.n_lost_orders,
        }
        assert told == {name: int(table[name]) for name in told}, judge
        assert found.coverage.n_verdicts == 2 * int(table["n"])
        cells += len(told)
    assert cells == 520


def test_llmbars_kappa_between_two_orders_is_cohens() -> None:
    """All 130, of another implementation. They were made of [verdict is 1], so an empty one counts as 2."""
    verdicts, _, published = llmbar()
    by_judge: dict[str, dict[str, dict[str, bool]]] = {}
    for row in verdicts:
        told = by_judge.setdefault(row["judge_model"], {}).setdefault(row["question_id"], {})
        told[row["order"]] = row["winner"] == "model_a"
    for table in published:
        counts = np.zeros((2, 2))
        for one in by_judge[judge_of(table)].values():
            counts[int(one["ab"]), int(one["ba"])] += 1
        assert cohen_kappa(counts) == pytest.approx(float(table["kappa_agreement"]), abs=1e-12)


def test_a_judge_of_known_biases_is_seen_through() -> None:
    """Position bias 0.5 and length bias 1.5 in log-odds, each within two standard errors; one bias at a time
    leaves the other at nil.
    """
    for seed, side, length in ((1, 0.5, 1.5), (2, -0.7, 0.0), (3, 0.0, 2.0), (4, 0.0, 0.0)):
        verdicts, votes, _ = made_up(seed, side=side, length=length)
        found = palestra.agree(verdicts, human=votes, rounds=20)["J"]
        assert found.length is not None
        assert abs(found.position.log_odds.value - side) < 2 * found.position.log_odds.error
        assert abs(found.length.log_odds.value - length) < 2 * found.length.log_odds.error
        assert abs(found.length.people_log_odds.value) < 2 * found.length.people_log_odds.error
        assert (found.length.excess.value > 2 * found.length.excess.error) == (length > 0)


def test_a_term_for_the_side_gives_the_true_ratings_of_a_judge_that_likes_what_comes_first() -> None:
    """Better models come first more often. With the term the ratings miss the truth by no more than their
    errors say, over five seeds; without it the spread between best and worst is too large each time.
    """
    points = 400 / math.log(10)
    misses, gaps = [], []
    for seed in range(5):
        verdicts, _, strength = made_up(seed, side=1.0, length=0.0, unbalanced=True, n=2500)
        truth = {f"m{number}": 1000 + points * value for number, value in enumerate(strength)}
        widest = max(truth.values()) - min(truth.values())
        for side in (True, False):
            board = palestra.rank(verdicts, side=side, cluster=None)
            rated = {row.model: row for row in board.ratings}
            gap = rated["m7"].rating - rated["m0"].rating
            if side:
                for model, row in rated.items():
                    assert row.ci_low is not None
                    assert row.ci_high is not None
                    misses.append((row.rating - truth[model]) / ((row.ci_high - row.ci_low) / 3.92))
            else:
                gaps.append(gap - widest)
    assert np.mean(np.abs(misses) < 2) > 0.85
    assert abs(np.mean(misses)) < 0.5
    assert min(gaps) > 60


def turned(row: dict[str, Any]) -> dict[str, Any]:
    """The same row with A and B exchanged."""
    style = row["style"]
    return {
        **row,
        "model_a": row["model_b"],
        "model_b": row["model_a"],
        "winner": SWAPPED.get(row["winner"], row["winner"]),
        "order": ORDERS.get(row.get("order", "ab"), row.get("order")),
        "style": {"tokens_a": style["tokens_b"], "tokens_b": style["tokens_a"]},
    }


def numbers(report: AgreementReport) -> dict[tuple[str, str, str], list[float | None]]:
    told = report.to_pandas().to_dict("records")
    return {
        (row["category"], row["judge"], row["measure"]): [row[name] for name in FIELDS[3:]] for row in told
    }


def small(seed: int) -> tuple[Rows, Rows]:
    verdicts, votes, _ = made_up(seed, side=0.4, length=1.0, n=90, models=4)
    rng = np.random.default_rng(seed)
    for number, row in enumerate(verdicts + votes):
        row["category"] = f"c{int(row['question_id'][1:]) % 2}"
        row.setdefault("order", "ab")
        if rng.random() < 0.2:
            row["winner"] = "tie"
        if row.get("judge_model") and number % 5 == 0:
            row["judge_model"] = "K"
    return verdicts, votes


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 5), pick=st.integers(0, 2**32 - 1))
def test_sides_orders_of_rows_and_names_change_nothing(seed: int, pick: int) -> None:
    verdicts, votes = small(seed)
    family = {"J": ["m0", "m1"], "K": ["m2"]}
    before = numbers(palestra.agree(verdicts, human=votes, rounds=20, families=family))
    rng = np.random.default_rng(pick)
    names = dict(
        zip(("m0", "m1", "m2", "m3"), rng.permutation(["zed", "m1", "a", "Ünï"]).tolist(), strict=True)
    )

    def changed(rows: Rows) -> Rows:
        mixed = [rows[at] for at in rng.permutation(len(rows)).tolist()]
        some = [turned(row) if rng.random() < 0.5 else row for row in mixed]
        return [{**row, "model_a": names[row["model_a"]], "model_b": names[row["model_b"]]} for row in some]

    kin = {judge: [names[model] for model in models] for judge, models in family.items()}
    after = numbers(palestra.agree(changed(verdicts), human=changed(votes), rounds=20, families=kin))
    assert after.keys() == before.keys()
    for key, told in before.items():
        assert after[key] == pytest.approx(told, abs=1e-6, nan_ok=True), key


def test_the_same_seed_gives_the_same_numbers_and_another_other_intervals() -> None:
    verdicts, votes = small(0)
    one, same, other = (palestra.agree(verdicts, human=votes, rounds=50, seed=seed) for seed in (1, 1, 2))
    assert one.to_dict() == same.to_dict()
    mine, theirs = one["J"].votes.with_ties, other["J"].votes.with_ties
    assert mine.value == theirs.value
    assert (mine.low, mine.high) != (theirs.low, theirs.high)


def test_rows_of_the_other_kind_are_left_out_and_counted() -> None:
    verdicts, votes = small(0)
    for row in verdicts:
        row["source"] = "llm-judge"
    together = [*verdicts, *votes]
    mixed = palestra.agree(together, human=together, rounds=10)
    apart = palestra.agree(verdicts, human=votes, rounds=10)
    assert mixed.findings.about["n_human_rows_among_judged"] == len(votes)
    assert mixed.findings.about["n_other_rows_among_human"] == len(verdicts)
    assert mixed["J"].votes == apart["J"].votes
    with pytest.raises(DataError, match="should be judged by a judge are people's"):
        palestra.agree(votes, human=votes)
    with pytest.raises(DataError, match=r"none of the .* is a person's"):
        palestra.agree(verdicts, human=verdicts)


def test_prompts_are_joined_by_their_text_where_no_id_is_shared() -> None:
    verdicts, votes = small(0)
    by_id = palestra.agree(verdicts, human=votes, rounds=10)
    for rows in (verdicts, votes):
        for row in rows:
            row["prompt"] = f" What is {row.pop('question_id')}?\n"
    for number, row in enumerate(votes):
        asked = row["prompt"].strip()
        row["prompt"] = [{"role": "user", "content": asked}] if number % 2 else asked
        row["question_id"] = f"other {number}"
    by_text = palestra.agree(verdicts, human=votes, rounds=10)
    assert (by_id.findings.joined_on, by_text.findings.joined_on) == ("question_id", "prompt")
    assert by_text["J"].votes == by_id["J"].votes
    with pytest.raises(DataError, match="the same two models and question_id"):
        palestra.agree(verdicts, human=votes, on="question_id")


def test_nothing_to_join_says_what_was_seen() -> None:
    verdicts, votes = small(0)
    for row in votes:
        row["question_id"] = f"x{row['question_id']}"
    with pytest.raises(
        DataError, match=r"such as 'q0'.*such as 'xq0'.*0 of 180 votes have a prompt"
    ) as caught:
        palestra.agree(verdicts, human=votes)
    assert "names of the two models" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "either human"),
        ({"human": [], "gold": []}, "either human"),
        ({"human": True, "by": "colour"}, "unknown by 'colour'"),
        ({"human": True, "cluster": "voter"}, "unknown cluster"),
        ({"human": True, "rounds": 1}, "at least 2 rounds"),
        ({"human": True, "level": 95}, "level of 95"),
        ({"human": True, "families": {"Jay": ["m0"]}}, "no judge is called 'Jay'"),
        ({"human": True, "families": {"J": ["m9"]}}, "no model is called 'm9'"),
        ({"human": True, "filter": "colour = 'red'"}, "no column 'colour'"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(options: dict[str, Any], said: str) -> None:
    verdicts, votes = small(0)
    if options.get("human") is True:
        options = {**options, "human": votes}
    with pytest.raises(UsageError, match=said):
        palestra.agree(verdicts, **options)


def test_it_shows_itself_as_tables_and_in_every_other_form() -> None:
    verdicts, votes = small(0)
    report = palestra.agree(verdicts, human=votes, rounds=20)
    text = repr(report)
    assert text.startswith("=== AGREEMENT ===\n2 judges against 162 votes of 2 people on 81 matchups")
    assert "95 % intervals by bootstrap of each prompt, 20 rounds, seed 0" in text
    for title in ("With each vote", "With the majority of people", "Position", "Length", "Coverage"):
        assert f"\n\n{title}\n" in text
    assert text + "\n" == agreement_text(report.findings)
    assert "| J |" in agreement_markdown(report.findings)
    data = json.loads(agreement_json(report.findings))
    assert data["overall"]["judges"][0]["votes"]["with_ties"]["value"] == report["J"].votes.with_ties.value
    assert data["panel_weights"] == report.panel_weights
    lines = agreement_csv(report.findings).splitlines()
    frame, polars = report.to_pandas(), report.to_polars()
    assert lines[0] == ",".join(FIELDS) == ",".join(frame.columns) == ",".join(polars.columns)
    assert len(lines) - 1 == len(frame) == len(polars) > 100
    at = frame[(frame.judge == "J") & (frame.measure == "votes.with_ties") & (frame.category == "")]
    assert at.value.item() == report["J"].votes.with_ties.value
    assert polars["value"].to_list()[0] == frame.value.iloc[0]
    assert set(report.categories) == {"c0", "c1"}
    with pytest.raises(KeyError):
        report["nobody"]


def test_a_name_cannot_reach_the_terminal_as_an_escape() -> None:
    verdicts, votes = small(0)
    for row in verdicts:
        row["judge_model"] = "\x1b[31mJ|*"
    report = palestra.agree(verdicts, human=votes, rounds=10)
    assert "\x1b" not in repr(report)
    assert "\\x1b" in repr(report) or "\\u001b" in repr(report)
    assert "J\\|\\*" in agreement_markdown(report.findings)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_library_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts, votes = small(0)
    report = palestra.agree(verdicts, human=votes, rounds=10)
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=rf"{library} is not installed\n  pip install {library}"):
        getattr(report, f"to_{library}")()


def test_gold_labels_have_no_human_ceiling() -> None:
    verdicts, votes = small(0)
    report = palestra.agree(verdicts, gold=votes, rounds=10)
    assert report.findings.reference == "gold"
    assert report["J"].people_votes is None
    assert report["J"].people_majority is None
    assert report.findings.overall.people.fleiss_kappa is None
    assert "\npeople" not in repr(report)
    assert "by the label" in repr(report)
    assert "With the gold label" in repr(report)
    assert any("several gold labels" in warning for warning in report.findings.warnings)


LATE = {"kind": "timeout", "message": "too slow"}
BARE = {"question_id": "q", "model_a": "A", "model_b": "B"}


@pytest.mark.parametrize(
    ("verdicts", "decided", "agreed"),
    [
        ([{**BARE, "order": order, "failure": LATE} for order in ("ab", "ba")], 0, math.nan),
        ([{**BARE, "winner": "model_a"}], 1, 1),
        ([{**BARE, "winner": "tie"}], 1, 0),
        ([{**BARE, "winner": "model_b", "response_a": "", "response_b": ""}], 1, 0),
        ([{**BARE, "winner": "model_a"}, {**BARE, "model_b": "A", "winner": "tie"}], 1, 1),
    ],
)
@pytest.mark.parametrize("reference", ["human", "gold"])
def test_next_to_nothing_is_told_without_a_stumble(
    verdicts: Rows, decided: int, agreed: float, reference: str
) -> None:
    options: Any = {reference: [{**BARE, "winner": "model_a"}]}
    report = palestra.agree(verdicts, rounds=10, **options)
    assert "read with care" in repr(report)
    assert len(report.to_pandas()) == len(report.to_polars())
    assert report["judge"].coverage.n_decided == decided
    assert report["judge"].votes.with_ties.value == pytest.approx(agreed, nan_ok=True)
