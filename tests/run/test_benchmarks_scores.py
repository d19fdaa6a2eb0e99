"""Benchmarks end to end: recorded or scripted judges, and the published figures."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from tests.run.benchmark_files import arena_hard_answers, arena_hard_questions, mt_bench_answers, write
from tests.support import require
from tests.support.cli import palestra, rows

from palestra.run.benchmarks.build import Benchmark, Wishes, make_benchmark
from palestra.run.benchmarks.score import score

if TYPE_CHECKING:
    from pathlib import Path

BASELINE = "gpt4_1106_preview"
O3, FLASH = "o3-mini-2025-01-31", "gemini-2.0-flash-001"


def table(folder: Path, position: int = 0) -> dict[str, dict[str, Any]]:
    """A table of `benchmark.json` by model."""
    found = json.loads((folder / "benchmark.json").read_text())["tables"][position]
    return {row[0]: dict(zip(found["columns"], row, strict=True)) for row in found["rows"]}


def published_rows() -> list[tuple[str, str, float, int, int]]:
    """(model, question, preference, length of the baseline's answer, length of the model's)."""
    import duckdb

    source = require.shared_data("alpacaeval") / "ae2_annotations.parquet"
    wanted = "model, CAST(instruction_id AS VARCHAR), preference, len_baseline, len_model"
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {wanted} FROM '{source}'").fetchall()


def official() -> dict[str, dict[str, str]]:
    path = require.shared_data("alpacaeval") / "ae2_leaderboard_official.csv"
    with path.open(newline="") as file:
        return {row["model"]: row for row in csv.DictReader(file)}


def alpaca_files(folder: Path, told: list[tuple[str, str, float, int, int]]) -> None:
    """Prompts, made-up answers of the published lengths, and the published preferences as verdicts."""
    lengths = {question: length for _, question, _, length, _ in told}
    asked = [{"question_id": q, "instruction": f"Prompt {q}", "generator": BASELINE} for q in lengths]
    write(folder / "prompts.jsonl", [{**row, "output": "x" * lengths[row["question_id"]]} for row in asked])
    write(
        folder / "answers.jsonl",
        [{"instruction": f"Prompt {q}", "output": "y" * n, "generator": model} for model, q, _, _, n in told],
    )
    write(
        folder / "verdicts.jsonl",
        [{"question_id": q, "model_a": BASELINE, "model_b": m, "pref": 2 - p} for m, q, p, _, _ in told],
    )


def test_alpaca_eval_by_the_command_gives_the_published_figures(tmp_path: Path) -> None:
    """Two models on all 805 prompts, the published annotations as recorded judge."""
    data = require.shared_data("alpacaeval")
    models = ("FuseChat-Llama-3.2-3B-Instruct", "claude-2.1")
    alpaca_files(tmp_path, [row for row in published_rows() if row[0] in models])
    done = palestra(
        "run",
        *("--benchmark", "alpaca-eval", "answers.jsonl", "--prompts", "prompts.jsonl", "-q"),
        *("--judge", "recorded:verdicts.jsonl", "--fail-on-errors"),
        *("--difficulty", data / "difficulty.parquet", "--gamed", data / "gamed_baseline_rows.parquet"),
        cwd=tmp_path,
    )
    assert "=== ALPACAEVAL ===" in done.stdout
    found = table(tmp_path / "runs" / "alpaca-eval")
    assert set(found) == set(models)
    for model, row in found.items():
        published = official()[model]
        assert row["Win rate"] == pytest.approx(float(published["win_rate"]), abs=1e-9)
        assert row["SE"] == pytest.approx(float(published["standard_error"]), abs=1e-9)
        assert row["Discrete"] == pytest.approx(float(published["discrete_win_rate"]), abs=1e-9)
        assert int(row["Length"]) == int(published["avg_length"])
        assert row["LC win rate"] == pytest.approx(float(published["length_controlled_winrate"]), abs=0.11)


def test_alpaca_evals_score_gives_all_16_published_figures(tmp_path: Path) -> None:
    """Win rate and error to 1e-9; at equal length within 0.11 where no prompt is missing, else within 1.75
    (the published figures took difficulties by row there)."""
    data = require.shared_data("alpacaeval")
    told = published_rows()
    write(
        tmp_path / "battles.jsonl",
        [
            {
                "model_a": BASELINE,
                "model_b": model,
                "question_id": question,
                "soft": True,
                "pref": 2 - preference,
            }
            | {"winner": "tie", "response_a": "x" * base, "response_b": "y" * length}
            for model, question, preference, base, length in told
        ],
    )
    write(tmp_path / "a.jsonl", [{"id": "1", "generator": m, "output": "o"} for m in ("x", BASELINE)])
    wishes = Wishes(
        "alpaca-eval",
        [tmp_path / "a.jsonl"],
        prompts=[tmp_path / "a.jsonl"],
        difficulty=data / "difficulty.parquet",
        gamed=data / "gamed_baseline_rows.parquet",
    )
    result = score(make_benchmark(wishes, tmp_path), tmp_path)
    result.write(tmp_path)
    found, published = table(tmp_path), official()
    assert set(found) == set(published)
    for model, row in found.items():
        assert row["Win rate"] == pytest.approx(float(published[model]["win_rate"]), abs=1e-9)
        assert row["SE"] == pytest.approx(float(published[model]["standard_error"]), abs=1e-9)
        near = 0.11 if row["N"] == 805 else 1.75
        equal = float(published[model]["length_controlled_winrate"])
        assert row["LC win rate"] == pytest.approx(equal, abs=near), model


def arena_hard_folder(folder: Path) -> list[str]:
    questions = arena_hard_questions(folder / "question.jsonl", {"hard_prompt": 30, "creative_writing": 12})
    for name in ("mine", O3, FLASH):
        arena_hard_answers(folder / f"{name}.jsonl", name, questions)
    script = '{replies: ["[[A>>B]]", "[[A>B]]", "[[A=B]]", "[[B>A]]", "[[B>>A]]", "[[B>>A]]"]}'
    return [
        *("run", "--benchmark", "arena-hard", "mine.jsonl", f"{O3}.jsonl", f"{FLASH}.jsonl"),
        *("--prompts", "question.jsonl", "--judge", "scripted:judge", "--set", f"judges.0.script={script}"),
    ]


def test_arena_hard_scores_each_category_with_strong_verdicts_thrice(tmp_path: Path) -> None:
    command = arena_hard_folder(tmp_path)
    done = palestra(*command, "-q", cwd=tmp_path)
    assert done.stdout.index("=== ARENA-HARD: hard_prompt ===") < done.stdout.index("creative_writing ===")
    folder = tmp_path / "runs" / "arena-hard-v2.0"
    points = {"A>>B": (3, 0.0), "A>B": (1, 0.0), "A=B": (1, 0.5), "B>A": (1, 1.0), "B>>A": (3, 1.0)}
    for position, (category, baseline) in enumerate((("hard_prompt", O3), ("creative_writing", FLASH))):
        verdicts = [v for v in rows(folder / "verdicts.jsonl") if v["question_id"].startswith(category)]
        assert {(v["model_a"], v["model_b"]) for v in verdicts} == {(baseline, "mine")}
        assert {v["order"] for v in verdicts} == {"ab", "ba"}
        weights, won = zip(*(points[v["label"]] for v in verdicts), strict=True)
        expected = 100 * sum(w * s for w, s in zip(weights, won, strict=True)) / sum(weights)
        found = table(folder, position)
        assert found["mine"]["Score"] == pytest.approx(expected, abs=1e-9)
        assert found[baseline]["Score"] == 50
        assert 0 < found["mine"]["Style-controlled"] < 100
        assert found["mine"]["Prompts"] == len(verdicts) / 2


@pytest.mark.parametrize("name", ["alpaca-eval", "arena-hard", "mt-bench", "mt-bench-pairwise"])
def test_a_run_without_a_single_verdict_has_an_empty_table_and_says_so(name: str, tmp_path: Path) -> None:
    (tmp_path / "battles.jsonl").touch()
    (tmp_path / "verdicts.jsonl").touch()
    models = ("mine", O3, FLASH, BASELINE, "gpt-3.5-turbo")
    write(tmp_path / "a.jsonl", [{"id": "1", "model": model, "output": "o"} for model in models])
    asked = {"question_id": "1", "messages": [{"role": "user", "content": "Why?"}], "category": "hard_prompt"}
    write(tmp_path / "prompts.jsonl", [asked])
    wishes = Wishes(name, [tmp_path / "a.jsonl"], prompts=[tmp_path / "prompts.jsonl"])
    result = score(make_benchmark(wishes, tmp_path), tmp_path)
    result.write(tmp_path)
    assert table(tmp_path) == {}
    assert "Warning: no verdict could be had, so there is no score" in result.text()


def test_before_spending_it_says_how_many_calls(tmp_path: Path) -> None:
    command = arena_hard_folder(tmp_path)[:-4]
    told = palestra(
        *command, "--judge", "openai:gpt-4.1", "--dry-run", cwd=tmp_path, env={"OPENAI_API_KEY": "k"}
    )
    assert "gpt-4.1 (judge): 84 calls (0 of 84 are stored)" in told.stdout
    assert "gpt-4.1 is of the family openai, as is o3-mini" in told.stderr
    assert not (tmp_path / "runs").exists()


def mt_bench_folder(folder: Path, *models: str) -> list[dict[str, Any]]:
    source = require.shared_data("mt_bench") / "question.jsonl"
    questions = [json.loads(line) for line in source.read_text().splitlines()]
    for name in models:
        mt_bench_answers(folder / f"{name}.jsonl", name, questions)
    return questions


def test_mt_bench_means_by_turn_and_category(tmp_path: Path) -> None:
    """The 80 questions, three models' made-up answers, grades drawn by a script."""
    questions = mt_bench_folder(tmp_path, "x", "y", "z")
    prompts = require.shared_data("mt_bench") / "question.jsonl"
    script = "{replies: ['Rating: [[3]]', 'Rating: [[5.5]]', 'Rating: [[8]]', 'So. Rating: [[10]]']}"
    scripts = [f"judges.{n}.script={script}" for n in (0, 1)]
    palestra(
        *("run", "--benchmark", "mt-bench", "x.jsonl", "y.jsonl", "z.jsonl", "--prompts", prompts, "-q"),
        *("--judge", "scripted:judge", "--set", scripts[0], "--set", scripts[1]),
        cwd=tmp_path,
    )
    folder = tmp_path / "runs" / "mt-bench"
    grades: defaultdict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for verdict in rows(folder / "verdicts.jsonl"):
        for side in "ab":
            place = (verdict["judge_model"], verdict["question_id"])
            assert (
                grades[verdict[f"model_{side}"]].setdefault(place, verdict[f"score_{side}"])
                == verdict[f"score_{side}"]
            )
    found, by_category = table(folder, 0), table(folder, 1)
    category = {str(row["question_id"]): row["category"] for row in questions}
    for model, given in grades.items():
        assert len(given) == found[model]["Grades"] == 160
        assert found[model]["Score"] == pytest.approx(sum(given.values()) / 160)
        for turn in (1, 2):
            own = [grade for (judge, _), grade in given.items() if judge == f"judge, turn {turn}"]
            assert found[model][f"Turn {turn}"] == pytest.approx(sum(own) / 80)
        maths = [grade for (_, question), grade in given.items() if category[question] == "math"]
        assert by_category[model]["math"] == pytest.approx(sum(maths) / 20)
    assert list(by_category["x"])[1:] == list(dict.fromkeys(category.values()))


def test_mt_bench_grades_one_model_alone(tmp_path: Path) -> None:
    questions = [{"question_id": n, "category": "math", "turns": ["a?", "b?"]} for n in range(4)]
    prompts = write(tmp_path / "question.jsonl", questions)
    mt_bench_answers(tmp_path / "x.jsonl", "x", questions)
    script = "{replies: ['Rating: [[4]]', 'Rating: [[8]]']}"
    command: list[str | Path] = [
        *(
            "run",
            "--benchmark",
            "mt-bench",
            "x.jsonl",
            "--prompts",
            prompts,
            "-q",
            "--judge",
            "scripted:judge",
        ),
        *("--set", f"judges.0.script={script}", "--set", f"judges.1.script={script}"),
    ]
    palestra(*command, cwd=tmp_path)
    folder = tmp_path / "runs" / "mt-bench"
    grades = rows(folder / "grades.jsonl")
    assert [(row["model"], row["judge_model"]) for row in grades].count(("x", "judge, turn 2")) == 4
    assert rows(folder / "battles.jsonl") == []
    assert table(folder)["x"]["Score"] == pytest.approx(sum(row["score"] for row in grades) / 8)
    assert json.loads((folder / "manifest.json").read_text())["complete"]


def test_mt_bench_pairwise_counts_as_fastchat_does(tmp_path: Path) -> None:
    """A win in both orders is a win; two different outcomes are a tie."""
    judged = [
        ("1", "ab", "model_b"), ("1", "ba", "model_b"),
        ("2", "ab", "model_b"), ("2", "ba", "tie"),
        ("3", "ab", "model_a"), ("3", "ba", "model_b"),
        ("4", "ab", "model_a"), ("4", "ba", "model_a"),
        ("5", "ab", "model_b"), ("5", "ba", None),
    ]  # fmt: skip
    failure = {"kind": "unreadable", "message": "hm"}
    write(
        tmp_path / "verdicts.jsonl",
        [
            {"key": "", "question_id": q, "model_a": "gpt-3.5-turbo", "model_b": "mine", "order": order}
            | {"judge_model": "J, turn 1", "winner": winner, "failure": None if winner else failure}
            for q, order, winner in judged
        ],
    )
    result = score(pairwise(tmp_path), tmp_path)
    assert result.tables[0].rows == [("mine", 1, 1, 2, 25.0, 25.0, 50.0)]


def pairwise(folder: Path) -> Benchmark:
    names = ("mine", "gpt-3.5-turbo")
    write(folder / "a.jsonl", [{"id": "1", "model": name, "output": "o"} for name in names])
    return make_benchmark(Wishes("mt-bench-pairwise", [folder / "a.jsonl"]), folder)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--benchmark", "alpaca"), "there is no benchmark 'alpaca'"),
        (("--baseline", "x"), "goes with --benchmark only"),
        (("a.yaml", "b.yaml"), "a run takes one config"),
        (("--benchmark", "mt-bench"), "there are no models"),
    ],
)
def test_mistakes_are_told_of(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in palestra("run", *words, cwd=tmp_path, code=2).stderr
