"""Boards of runs against a baseline: who counts where, EvalScope's layout and metric rows, coverage."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from palestra.records.battle import Battle
from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.prompt import Message, Prompt
from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner
from palestra.report.baseline import BaselineTally, Intervals
from palestra.report.baseline_boards import Standing, Standings
from palestra.report.baseline_coverage import CoverageTally
from palestra.report.baseline_metrics import Metric, battle_metrics, metrics_csv, metrics_table
from palestra.report.baseline_text import BaselineReport

if TYPE_CHECKING:
    from collections.abc import Iterable

MADE = Intervals(rounds=200)


def battle(question: int, winner: Winner, candidate: str = "new", **fields: Any) -> Battle:
    given: dict[str, Any] = {"dataset": "qa", "subset": "easy", "question_id": f"q{question}"}
    return Battle(**{"model_a": "base", "model_b": candidate, "winner": winner, **given, **fields})


def tally(battles: Iterable[Battle]) -> BaselineTally:
    found = BaselineTally(lambda category: "other" if category == "law" else "base")
    for each in battles:
        found.add(each)
    return found


def test_thirty_wins_ten_losses_and_five_ties_stand_at_722() -> None:
    ends = [Winner.B] * 30 + [Winner.A] * 10 + [Winner.TIE] * 3 + [Winner.BOTH_BAD] * 2
    overall, dataset, subset = tally(battle(n, end) for n, end in enumerate(ends)).boards(MADE)
    new, base = overall.rows
    assert (new.model, base.model) == ("new", "base")
    assert new.rate == pytest.approx(0.7222, abs=5e-5)
    assert (base.rate, base.low, base.high, base.elo) == (0.5, 0.5, 0.5, 1000.0)
    assert new.low < new.rate < new.high
    assert new.rate == pytest.approx(1 / (1 + 10 ** ((1000 - new.elo) / 400)))
    assert dataset.rows == subset.rows == overall.rows
    assert [board.title for board in (overall, dataset, subset)] == [
        "OVERALL LEADERBOARD",
        "DATASET LEADERBOARD: qa",
        "SUBSET LEADERBOARD: qa - easy",
    ]


def test_it_does_not_matter_which_side_the_candidate_is_on() -> None:
    one = tally([battle(1, Winner.B), battle(2, Winner.TIE)])
    turned = tally(
        [
            battle(1, Winner.A, model_a="new", model_b="base"),
            battle(2, Winner.TIE, model_a="new", model_b="base"),
        ]
    )
    assert one.boards(MADE) == turned.boards(MADE)


def test_strong_verdicts_weigh_in_the_rate_and_not_in_the_mean_score() -> None:
    games = [
        battle(1, Winner.B, pref=0.0, weight=3.0, order=Order.AB),
        battle(1, Winner.A, pref=0.75, order=Order.BA),
    ]
    (new,) = [row for row in tally(games).boards(MADE)[0].rows if row.model == "new"]
    assert new.rate == pytest.approx(3 / 4)
    assert new.score == pytest.approx((1.0 + 0.25) / 2)
    assert (new.n_prompts, new.n_battles) == (1, 2)


def test_each_dataset_and_subset_has_its_own_board() -> None:
    battles = [
        battle(1, Winner.B),
        battle(2, Winner.A, subset=None),
        battle(3, Winner.B, dataset="web", subset="easy"),
    ]
    boards = {board.title: board for board in tally(battles).boards(MADE)}
    assert list(boards) == [
        "OVERALL LEADERBOARD",
        "DATASET LEADERBOARD: qa",
        "DATASET LEADERBOARD: web",
        "SUBSET LEADERBOARD: qa - default",
        "SUBSET LEADERBOARD: qa - easy",
        "SUBSET LEADERBOARD: web - easy",
    ]
    assert [row.n_prompts for row in boards["DATASET LEADERBOARD: qa"].rows] == [2, 2]


def test_a_category_with_a_baseline_of_its_own_is_measured_against_that() -> None:
    battles = [
        battle(1, Winner.B),
        battle(2, Winner.B, category="law", model_a="other"),
        battle(2, Winner.A, category="law", model_a="other", candidate="base"),
        battle(3, Winner.A, candidate="other"),
    ]
    found = tally(battles)
    overall = {row.model: row for row in found.boards(MADE)[0].rows}
    assert overall["new"].n_prompts == 2
    assert {overall[name].n_prompts for name in ("base", "other")} == {1}
    assert [board.baseline for board in found.by_baseline(MADE)] == ["base", "other"]
    names = {row.subset for row in battle_metrics(found.by_baseline(MADE))}
    assert names == {
        "qa&easy@new&base",
        "qa&easy@other&base",
        "qa&easy@new&other",
        "qa&easy@base&other",
        "OVERALL",
    }


def published(rows: dict[str, tuple[float, float, float]]) -> tuple[Standing, ...]:
    return tuple(
        Standing(name, *numbers, 1000.0, 1000.0, 1000.0, 10, 20, 0.5, swept=False)
        for name, numbers in rows.items()
    )


BOARD = Standings(
    None,
    None,
    "qwen2.5-7b",
    published(
        {
            "qwen2.5-72b": (0.693, 0.56, 0.815),
            "qwen2.5-7b": (0.5, 0.5, 0.5),
            "qwen2.5-0.5b": (0.047, 0.022, 0.091),
        }
    ),
)


def test_the_board_has_evalscopes_layout() -> None:
    text = BaselineReport((BOARD,), (), (), MADE).leaderboard()
    assert text.startswith(
        "=== OVERALL LEADERBOARD ===\n"
        "Model         WinRate (%)  CI (%)\n"
        "------------  -----------  ---------------\n"
        "qwen2.5-72b          69.3  (-13.3 / +12.2)\n"
        "qwen2.5-7b           50.0  (+0.0 / +0.0)\n"
        "qwen2.5-0.5b          4.7  (-2.5 / +4.4)\n"
        "\n"
    )
    assert "95 % intervals by bootstrap of prompts, 200 rounds, seed 0; baseline qwen2.5-7b" in text


def test_names_cannot_break_the_layout_or_reach_the_terminal_as_escapes() -> None:
    row = BOARD.rows[0]._replace(model="bad\x1b[31m\nname")
    text = BaselineReport((Standings("d\n===", "s", "b", (row,)),), (), (), MADE).leaderboard()
    assert "\x1b" not in text
    assert "=== SUBSET LEADERBOARD: d\\n=== - s ===\n" in text
    assert re.search(r"^bad\\u001b\[31m\\nname +69\.3", text, re.M)


def test_overall_is_the_mean_of_the_rows_by_number_of_prompts() -> None:
    """EvalScope's published example: four rows of 12, 12, 10 and 10 prompts come to 0.3617."""
    places = {"example": (12, 0.0185, 0.5469), "arena": (10, 0.075, 0.8382)}
    standings = [
        Standings(
            "general_qa",
            subset,
            "qwen2.5-7b",
            tuple(
                row._replace(n_prompts=num)
                for row in published({"qwen2.5-0.5b": (low, low, low), "qwen2.5-72b": (high, high, high)})
            ),
        )
        for subset, (num, low, high) in places.items()
    ]
    rows = list(battle_metrics(standings))
    overall = [row for row in rows if row.subset == "OVERALL"]
    assert [row.metric for row in overall] == ["winrate", "winrate_lower", "winrate_upper"]
    assert overall[0].num == 44
    assert overall[0].score == pytest.approx(0.3617, abs=5e-5)
    assert rows[0][:5] == (
        "Arena", "general_arena", "winrate", "general_qa&example@qwen2.5-0.5b&qwen2.5-7b", 12,
    )  # fmt: skip
    table = metrics_table(rows)
    assert table.splitlines()[0].split(" | ") == [
        "Model", "Dataset      ", "Metric       ", f"{'Subset':<42}", "Num", " Score",
    ]  # fmt: skip
    read = list(csv.DictReader(io.StringIO(metrics_csv(rows))))
    assert list(read[0]) == ["Model", "Dataset", "Metric", "Subset", "Num", "Score"]
    assert float(read[0]["Score"]) == 0.0185


def verdict(question: str, order: Order, winner: Winner | None, candidate: str = "new") -> Verdict:
    failure = None if winner else Failure(kind=FailureKind.UNREADABLE, message="no label")
    return Verdict(
        key="k", question_id=question, model_a="base", model_b=candidate, order=order, winner=winner,
        judge_model="J", failure=failure,
    )  # fmt: skip


def test_coverage_failures_consistency_and_flips_are_counted() -> None:
    found = CoverageTally()
    gone = Failure(kind=FailureKind.TIMEOUT, message="late")
    for question in ("1", "2", "3", "4"):
        for model in ("base", "new"):
            failed = (question, model) in (("3", "new"), ("4", "base"))
            found.add_response(
                Response(
                    key="k", question_id=question, model=model,
                    text=None if failed else "x", failure=gone if failed else None,
                )
            )  # fmt: skip
    found.add_verdict(verdict("1", Order.AB, Winner.A))
    found.add_verdict(verdict("1", Order.BA, Winner.B))
    found.add_verdict(verdict("2", Order.AB, Winner.A))
    found.add_verdict(verdict("2", Order.BA, None))
    prompts = [Prompt(question_id=str(n), messages=(Message(role="user", content="?"),)) for n in range(1, 6)]
    (row,) = found.rows(prompts, ["base", "new"], lambda _: "base")
    assert row.to_dict() == {
        "model": "new",
        "prompts": 5,
        "both_answered": 2,
        "decided": 2,
        "unanswered": {"baseline: not asked": 1, "baseline: timeout": 1, "timeout": 1},
        "failed_verdicts": {"unreadable": 1},
        "in_both_orders": 1,
        "position_consistency": 0.0,
        "flips": 1,
    }
    text = BaselineReport((BOARD,), (), (row,), MADE).leaderboard()
    assert "Note: new: not judged: 1 baseline: not asked, 1 baseline: timeout, 1 timeout" in text
    assert "Note: new: verdicts failed: 1 unreadable" in text


def test_a_sweep_is_finite_in_the_text_and_null_where_json_has_no_number() -> None:
    boards = tally(battle(n, Winner.B) for n in range(20)).boards(MADE)
    report = BaselineReport(tuple(boards), (), (), MADE)
    new = json.loads(report.json())["boards"][0]["rows"][0]
    assert (new["swept"], new["high"], new["elo_high"]) == (True, 1.0, None)
    assert 0.5 < new["low"] < new["rate"] < 1
    assert "Note: new won everything" in report.leaderboard()
    assert "nan" not in report.leaderboard()


def test_of_very_many_metrics_those_of_battles_are_printed() -> None:
    of_battles = list(battle_metrics([BOARD]))
    of_answers = [Metric("m", "d", "bleu-1", f"s{n}", 1, 0.5) for n in range(300)]
    text = BaselineReport((BOARD,), (*of_answers, *of_battles), (), MADE).shown()
    assert "winrate_upper" in text
    assert "bleu-1" not in text
    assert f"metrics.csv holds all {300 + len(of_battles)} metrics" in text
    few = BaselineReport((BOARD,), (*of_answers[:3], *of_battles), (), MADE).shown()
    assert few.count("bleu-1") == 3
    assert "metrics.csv" not in few


def test_no_battle_is_a_board_without_candidates() -> None:
    boards = tally([]).boards(MADE)
    assert [board.rows for board in boards] == [()]
    assert "OVERALL" in BaselineReport(tuple(boards), (), (), MADE).leaderboard()
