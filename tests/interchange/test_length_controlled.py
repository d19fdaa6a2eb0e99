from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from tests.support.require import shared_data

from palestra.errors import DataError, UsageError
from palestra.interchange.length_controlled import Against, rank_length_controlled
from palestra.interchange.rank import rank, rank_with_groups
from palestra.interchange.regression_rows import read_gamed
from palestra.ranking.length.control import alpaca_eval, length_controlled
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from palestra.records.rating import Leaderboard

BASE = "null"
MODELS = (BASE, "GPT", "Llama", "Claude")


def battles(n: int = 400, seed: int = 0) -> list[dict[str, Any]]:
    """Four models; longer answers win more, Claude is wordy, some battles are without the baseline."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(n):
        a, b = (int(model) for model in rng.choice(4, 2, replace=False))
        long_a, long_b = (int(rng.integers(20, 200) * (1.6 if model == 3 else 1)) for model in (a, b))
        odds = 0.4 * (a - b) + 0.01 * (long_a - long_b)
        winner = "model_a" if rng.random() < 1 / (1 + math.exp(-odds)) else "model_b"
        rows.append(
            {
                "question_id": f"q{number // 4}",
                "model_a": MODELS[a],
                "model_b": MODELS[b],
                "winner": "tie" if rng.random() < 0.2 else winner,
                "category": ["maths", "code", None][number % 3],
                "response_a": "é" * long_a,
                "response_b": "é" * long_b,
            }
        )
    return rows


def jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def told(board: Leaderboard) -> dict[str, float]:
    return {row.model: row.rating for row in board.ratings}


def bounds(board: Leaderboard) -> dict[str, tuple[float | None, float | None]]:
    return {row.model: (row.ci_low, row.ci_high) for row in board.ratings}


def against(rows: Sequence[dict[str, Any]], **options: Any) -> Leaderboard:
    board: Leaderboard = rank(rows, method="length-controlled", baseline=BASE, **options)
    return board


def columns(rows: Sequence[dict[str, Any]], model: str) -> dict[str, Any]:
    """What `length_controlled` needs, written out row by row."""
    share = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5}
    found: dict[str, list[Any]] = {"share": [], "len_model": [], "len_baseline": []}
    for row in rows:
        if {row["model_a"], row["model_b"]} != {model, BASE}:
            continue
        mine, other = "ab" if row["model_a"] == model else "ba"
        found["share"].append(share[row["winner"]] if mine == "a" else 1 - share[row["winner"]])
        found["len_model"].append(len(row[f"response_{mine}"]))
        found["len_baseline"].append(len(row[f"response_{other}"]))
    return found


@pytest.fixture(scope="module")
def alpaca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 16 models' battles with the baseline: as texts of the right lengths, shown second, and as
    tokens, shown first.
    """
    folder, out = shared_data("alpacaeval"), tmp_path_factory.mktemp("alpaca")
    source = f"FROM read_parquet('{folder / 'ae2_annotations.parquet'}') WHERE preference IS NOT NULL"
    share = "CASE preference WHEN 0 THEN 0.5 ELSE preference - 1 END"
    said = "'tie' AS winner, TRUE AS soft, instruction_id AS question_id"
    forms = {
        "texts": f"model AS model_a, 'gpt4' AS model_b, {share} AS pref, {said}, "
        "repeat('é', len_model) AS response_a, repeat('x', len_baseline) AS response_b",
        "tokens": f"model AS model_b, 'gpt4' AS model_a, 1 - {share} AS pref, "
        f"{{tokens_a: len_baseline, tokens_b: len_model}} AS style, {said}",
    }
    with duckdb.connect() as connection:
        for name, select in forms.items():
            query = f"SELECT {select} {source} ORDER BY row, model"
            connection.execute(f"COPY ({query}) TO '{out / name}.parquet' (FORMAT parquet)")
    return out


def published() -> dict[str, dict[str, str]]:
    path = shared_data("alpacaeval") / "ae2_leaderboard_official.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["model"]: row for row in csv.DictReader(file)}


def official(battles: Path, **options: Any) -> Leaderboard:
    folder = shared_data("alpacaeval")
    board: Leaderboard = rank(
        battles,
        method="length-controlled",
        baseline="gpt4",
        difficulty=folder / "difficulty.parquet",
        gamed=folder / "gamed_baseline_rows.parquet",
        **options,
    )
    return board


def off(board: Leaderboard) -> list[float]:
    """How far the rates are from the published ones."""
    rates = told(board)
    return [abs(rates[name] - float(row["length_controlled_winrate"])) for name, row in published().items()]


@pytest.mark.parametrize("form", ["texts", "tokens"])
def test_the_published_length_controlled_win_rates_are_met(alpaca: Path, form: str) -> None:
    """In the official order; what is left is the L1 penalty of the official fit."""
    board = official(alpaca / f"{form}.parquet", official_order=True)
    assert len(board.ratings) == 17
    assert max(off(board)) == pytest.approx(0.103, abs=5e-4)
    assert np.mean(off(board)) == pytest.approx(0.047, abs=5e-4)
    for row in board.ratings:
        if row.model != "gpt4":
            assert row.win_rate is not None
            assert 100 * row.win_rate == pytest.approx(float(published()[row.model]["win_rate"]), abs=1e-10)
    assert any("difficulty of another prompt" in warning for warning in board.warnings)
    assert board.parameters["official_order"] is True


def test_difficulties_belong_to_their_prompts_unless_the_official_order_is_asked_for(alpaca: Path) -> None:
    board = official(alpaca / "texts.parquet")
    assert max(off(board)) == pytest.approx(1.63, abs=0.005)
    assert board.warnings == []


def test_each_rate_is_that_of_the_models_own_battles() -> None:
    rows = battles()
    board = against(rows)
    assert [row.model for row in board.ratings].count(BASE) == 1
    for row in board.ratings:
        if row.model == BASE:
            assert (row.rating, row.ci_low, row.ci_high) == (50.0, None, None)
            continue
        found = length_controlled(**columns(rows, row.model))
        assert row.rating == pytest.approx(found.win_rate, abs=1e-9)
        assert row.ci_low == pytest.approx(found.win_rate - 1.959964 * found.standard_error, abs=1e-5)
        assert row.ci_high == pytest.approx(found.win_rate + 1.959964 * found.standard_error, abs=1e-5)
        assert 100 * (row.win_rate or 0) == pytest.approx(found.raw_win_rate, abs=1e-9)
        assert row.n_battles == found.n
        assert board.parameters["models"][row.model]["length"] == pytest.approx(found.length, abs=1e-9)
    assert (board.method, board.interval.kind, board.scale) == ("length-controlled", "sandwich", 100.0)
    assert [row.rating for row in board.ratings] == sorted(told(board).values(), reverse=True)
    assert board.components == [[row.model for row in sorted(board.ratings, key=lambda row: row.model)]]
    json.dumps(board.to_dict(), allow_nan=False)


def test_ranks_see_the_baseline_at_exactly_50() -> None:
    rows = {row.model: row for row in against(battles(1500)).ratings}
    for name, row in rows.items():
        if name != BASE:
            assert row.ci_low is not None
            assert row.ci_high is not None
            assert (row.rank_high < rows[BASE].rank) == (row.ci_low > 50) or row.rating <= 50
    above = sum((row.ci_low or 0) > 50 for row in rows.values())
    below = sum(row.ci_high is not None and row.ci_high < 50 for row in rows.values())
    assert (rows[BASE].rank_low, rows[BASE].rank_high) == (1 + above, len(rows) - below)


def test_sides_order_files_and_names_change_nothing(tmp_path: Path) -> None:
    rows = battles()
    turned = []
    for row in rows:
        winner = {"model_a": "model_b", "model_b": "model_a"}.get(row["winner"], row["winner"])
        other = {"model_a": row["model_b"], "model_b": row["model_a"], "winner": winner}
        turned.append(row | other | {"response_a": row["response_b"], "response_b": row["response_a"]})
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    split = [jsonl(tmp_path / "1.jsonl", rows[:33]), jsonl(tmp_path / "2.jsonl", rows[33:])]
    plain = against(rows, cluster="question_id")
    for other_form in (turned, shuffled, split):
        board = rank(other_form, method="length-controlled", baseline=BASE, cluster="question_id")
        assert told(board) == pytest.approx(told(plain), abs=1e-9)
        assert bounds(board)["Llama"] == pytest.approx(bounds(plain)["Llama"], abs=1e-8)
    renamed = [
        row | {side: f"z{row[side]}" if row[side] != BASE else BASE for side in ("model_a", "model_b")}
        for row in rows
    ]
    assert told(against(renamed)) == pytest.approx(
        {f"z{name}" if name != BASE else name: rate for name, rate in told(plain).items()}, abs=1e-9
    )


def test_every_form_of_battles_is_read_alike(tmp_path: Path) -> None:
    rows = battles(120)
    lines = jsonl(tmp_path / "battles.jsonl", rows)
    whole = tmp_path / "battles.json"
    whole.write_text(json.dumps(rows), encoding="utf-8")
    with duckdb.connect() as connection:
        for name, how in (("csv", "FORMAT csv, HEADER"), ("parquet", "FORMAT parquet")):
            connection.execute(
                f"COPY (FROM read_json('{lines}')) TO '{tmp_path / f'battles.{name}'}' ({how})"
            )
    records = [Battle.model_validate(row) for row in rows]
    expected = told(against(rows))
    for form in (lines, whole, tmp_path / "battles.csv", tmp_path / "battles.parquet", records):
        assert told(rank(form, method="length-controlled", baseline=BASE)) == pytest.approx(
            expected, abs=1e-12
        )


def test_a_conversation_is_as_long_as_what_the_model_said_in_it() -> None:
    rows = battles(200)
    talks = []
    for row in rows:
        half = len(row["response_a"]) // 2
        messages = [
            {"role": "user", "content": "and now?" * 50},
            {"role": "assistant", "content": row["response_a"][:half]},
            {"role": "user", "content": "go on"},
            {"role": "assistant", "content": row["response_a"][half:]},
        ]
        talks.append(row | {"response_a": messages})
    assert told(against(talks)) == pytest.approx(told(against(rows)), abs=1e-12)


def test_an_answer_that_looks_like_messages_is_measured_as_it_is() -> None:
    rows = battles(200)
    lists = [row | {"response_a": '[{"x": 1}]' + row["response_a"]} for row in rows]
    longer = [row | {"response_a": "0123456789" + row["response_a"]} for row in rows]
    assert told(against(lists)) == pytest.approx(told(against(longer)), abs=1e-12)


def test_without_an_answer_the_tokens_of_the_style_are_the_length() -> None:
    rows = battles(200)
    styled = []
    for row in rows:
        style = {"tokens_a": len(row["response_a"]), "tokens_b": len(row["response_b"])}
        styled.append(row | {"response_a": None, "style": style})
    board = against(styled)
    assert told(board) == pytest.approx(told(against(rows)), abs=1e-12)
    assert board.parameters["lengths_in"] == "tokens"
    mixed = against([*rows[:100], *styled[100:]])
    assert mixed.parameters["lengths_in"] == "characters and tokens"
    assert any("lengths are in characters for" in warning for warning in mixed.warnings)


def test_a_battle_with_the_baseline_and_without_lengths_is_named(tmp_path: Path) -> None:
    rows = battles(60)
    at = next(number for number, row in enumerate(rows) if number > 20 and BASE in row.values())
    del rows[at]["response_b"]
    with pytest.raises(DataError, match=r"lengths are not known.*tokens_b") as caught:
        rank(jsonl(tmp_path / "b.jsonl", rows), method="length-controlled", baseline=BASE)
    assert caught.value.place.endswith(f"b.jsonl:{at + 1}: response_a")
    rows[at] |= {"style": {"tokens_a": 3, "tokens_b": -1}}
    with pytest.raises(DataError, match="lengths are not known") as caught:
        against(rows)
    assert f"battle {at + 1}" in caught.value.place


def test_other_battles_need_no_lengths_and_are_said_to_be_left_out() -> None:
    rows = battles(200)
    shorn = [
        row if BASE in (row["model_a"], row["model_b"]) else {**row, "response_a": None, "response_b": None}
        for row in rows
    ]
    more: list[dict[str, Any]] = [
        {"model_a": BASE, "model_b": BASE, "winner": "tie"},
        {"model_a": BASE, "model_b": "GPT", "winner": "model_a", "weight": 0},
        {"model_a": "GPT", "model_b": "Mistral", "winner": "tie"},
        {"model_a": "Phi", "model_b": "GPT", "winner": "tie"},
    ]
    board = against([*shorn, *more])
    assert told(board) == pytest.approx(told(against(rows)), abs=1e-12)
    apart = sum(BASE not in (row["model_a"], row["model_b"]) for row in rows) + 2
    assert f"{apart} battles without the baseline were left out" in board.warnings
    assert f"left out, as they never met the baseline {BASE}: Mistral, Phi" in board.warnings
    assert "1 battles of a model against itself were left out" in board.warnings
    assert "1 battles of weight 0 were left out" in board.warnings


def test_soft_rows_weights_filters_and_labels_are_read_as_everywhere() -> None:
    rows = battles(300)
    for number, row in enumerate(rows):
        row |= {"pref": (number % 11) / 10, "soft": number % 2 == 0, "weight": 1.0 + number % 2}
    board = against(rows, labels="soft", filter="category = 'code'")
    plain = rank(rows, labels="soft", filter=f"category = 'code' AND '{BASE}' IN (model_a, model_b)")
    assert {row.model: row.wins for row in board.ratings} == pytest.approx(
        {row.model: row.wins for row in plain.ratings}
    )
    assert (board.parameters["labels"], board.parameters["filter"]) == ("soft", "category = 'code'")
    doubled = [row for row in battles(300) for _ in range(2)]
    heavy = [row | {"weight": 2} for row in battles(300)]
    assert told(against(heavy)) == pytest.approx(told(against(doubled)), abs=0.2)


def test_each_group_is_rated_by_itself() -> None:
    rows = battles(500)
    whole, groups = rank_with_groups(rows, method="length-controlled", baseline=BASE, by="category")
    assert told(whole) == pytest.approx(told(against(rows)), abs=1e-12)
    assert sorted(groups) == ["(none)", "code", "maths"]
    code = against([row for row in rows if row["category"] == "code"])
    assert told(groups["code"]) == pytest.approx(told(code), abs=1e-12)
    assert bounds(groups["code"]) == bounds(code)


def test_a_group_without_the_baseline_is_an_empty_board_that_says_so() -> None:
    rows = [row for row in battles(300) if row["category"] != "code" or BASE not in row.values()]
    _, groups = rank_with_groups(rows, method="length-controlled", baseline=BASE, by="category")
    assert groups["code"].ratings == []
    assert any("never met the baseline" in warning for warning in groups["code"].warnings)
    assert groups["maths"].ratings != []


def test_battles_of_a_prompt_may_depend_on_each_other() -> None:
    """Every battle four times says no more than once."""
    rows = [row | {"question_id": str(number)} for number, row in enumerate(battles(400))]
    copies = [row for row in rows for _ in range(4)]
    once, apart = against(rows), against(copies)
    together = against(copies, cluster="question_id")
    width = {
        name: {
            row.model: (row.ci_high or 0) - (row.ci_low or 0) for row in board.ratings if row.model != BASE
        }
        for name, board in (("once", once), ("apart", apart), ("together", together))
    }
    for model, wide in width["once"].items():
        assert width["apart"][model] == pytest.approx(wide / 2, rel=0.03)
        assert width["together"][model] == pytest.approx(wide, rel=0.04)
    assert (together.interval.cluster, apart.interval.cluster) == ("question_id", None)


def test_a_run_folder_is_clustered_by_prompt_and_counts_its_failures(tmp_path: Path) -> None:
    jsonl(tmp_path / "battles.jsonl", battles(60))
    jsonl(tmp_path / "verdicts.jsonl", [{"failure": {"kind": "x"}}, {"failure": None}])
    board = rank(tmp_path, method="length-controlled", baseline=BASE)
    assert (board.interval.cluster, board.n_failed) == ("question_id", 1)
    filtered = rank(tmp_path, method="length-controlled", baseline=BASE, filter="weight IS NULL")
    assert filtered.n_failed is None


def test_a_clean_sweep_has_a_finite_rate_and_no_interval() -> None:
    rows = [
        row | {"winner": "model_a" if row["model_a"] == "GPT" else "model_b"}
        for row in battles(100)
        if {row["model_a"], row["model_b"]} == {"GPT", BASE}
    ]
    board = against(rows)
    top = board.ratings[0]
    assert (top.model, top.ci_low, top.ci_high) == ("GPT", None, None)
    assert 80 < top.rating < 100
    assert "undefeated" in top.flags
    assert any("settle every battle of GPT" in warning for warning in board.warnings)


@pytest.mark.parametrize("ci", ["sandwich", "none"])
def test_one_battle_has_a_defined_board(ci: Any) -> None:
    row = {"model_a": "A", "model_b": BASE, "winner": "tie", "response_a": "xx", "response_b": "x"}
    board = against([row], ci=ci)
    assert told(board) == pytest.approx({"A": 50.0, BASE: 50.0})
    assert bounds(board) == {"A": (None, None), BASE: (None, None)}
    assert board.interval.kind == ci


def gamed_rows() -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    return [
        {"gamed_model": name, "len_model": 100 + shift + 10 * number, "len_baseline": 130 + number % 7,
         "difficulty": float(rng.normal()), "share": float(rng.random())}
        for name, shift in (("verbose", 80), ("concise", -40))
        for number in range(12)
    ]  # fmt: skip


def test_the_official_form_takes_rows_and_files_by_their_names(tmp_path: Path) -> None:
    rows = battles(400)
    rng = np.random.default_rng(3)
    difficulty = rng.normal(size=100).tolist()
    hard = [{"question_id": f"q{number}", "difficulty": value} for number, value in enumerate(difficulty)]
    board = against(rows, difficulty=hard, gamed=gamed_rows())
    file = tmp_path / "hard.csv"
    file.write_text(
        "difficulty,instruction_id\n"
        + "".join(f"{row['difficulty']!r},{row['question_id']}\n" for row in reversed(hard)),
        encoding="utf-8",
    )
    again = against(rows, difficulty=file, gamed=jsonl(tmp_path / "gamed.jsonl", gamed_rows()))
    assert told(again) == pytest.approx(told(board), abs=1e-9)
    assert again.parameters["difficulty"] == str(file)
    versus = [row for row in rows if {row["model_a"], row["model_b"]} == {"GPT", BASE}]
    found = alpaca_eval(
        **columns(rows, "GPT"),
        prompt=[int(row["question_id"][1:]) for row in versus],
        difficulty=difficulty,
        gamed=read_gamed(gamed_rows()),
    )
    assert told(board)["GPT"] == pytest.approx(found.win_rate, abs=1e-9)
    assert told(board)["GPT"] != pytest.approx(told(against(rows))["GPT"], abs=0.01)


def test_the_official_form_reads_weights_and_clusters() -> None:
    rows = battles(300)
    more: dict[str, Any] = {
        "difficulty": [{"question_id": f"q{number}", "difficulty": math.sin(number)} for number in range(75)],
        "gamed": gamed_rows(),
    }
    twice = [row for row in rows for _ in range(2)]
    plain = against(twice, **more)
    heavy, clustered = (
        against([row | {"weight": 2} for row in rows], **more),
        against(twice, cluster="question_id", **more),
    )
    assert told(heavy) == pytest.approx(told(plain), abs=0.2)
    assert told(heavy) != pytest.approx(told(against(rows, **more)), abs=0.01)
    assert told(clustered) == pytest.approx(told(plain), abs=1e-9)
    for model in MODELS[1:]:
        (narrow, _), (wide, _) = bounds(plain)[model], bounds(clustered)[model]
        assert narrow is not None
        assert wide is not None
        assert wide < narrow - 1


def test_lengths_of_gamed_rows_are_scaled_for_each_gamed_model_by_itself() -> None:
    rows = gamed_rows()
    whole = read_gamed(rows)
    parts = [
        read_gamed([row for row in rows if row["gamed_model"] == name]) for name in ("verbose", "concise")
    ]
    assert whole.length == pytest.approx(np.r_[parts[0].length, parts[1].length])
    features = [
        {"tanh_std_delta_len": feature, "difficulty": row["difficulty"], "soft_label": row["share"]}
        for feature, row in zip(whole.length.tolist(), rows, strict=True)
    ]
    assert read_gamed(features).length == pytest.approx(whole.length)
    assert read_gamed(features).share == pytest.approx(whole.share)


def test_a_prompt_without_a_difficulty_is_named(tmp_path: Path) -> None:
    rows = battles(60)
    hard = [{"question_id": f"q{number}", "difficulty": 0.1 * number} for number in range(15) if number != 9]
    at = next(n for n, row in enumerate(rows) if row["question_id"] == "q9" and BASE in row.values())
    with pytest.raises(DataError, match="'q9' has no difficulty") as caught:
        rank(
            jsonl(tmp_path / "b.jsonl", rows),
            method="length-controlled", baseline=BASE, difficulty=hard, gamed=gamed_rows(),
        )  # fmt: skip
    assert caught.value.place.endswith(f"b.jsonl:{at + 1}: question_id")
    board = against(rows, difficulty=hard, gamed=gamed_rows(), official_order=True)
    assert len(board.ratings) == 4
    with pytest.raises(DataError, match="no difficulty"):
        against(rows, difficulty=hard[:3], gamed=gamed_rows(), official_order=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"difficulty": [{"question_id": "q1"}]}, "difficulty, row 1: difficulty: there is no difficulty"),
        ({"difficulty": [{"difficulty": 1}]}, "question_id"),
        ({"difficulty": [{"question_id": "q", "difficulty": "hard"}]}, "expected a number, not 'hard'"),
        ({"difficulty": [{"question_id": "q", "difficulty": math.nan}]}, "expected a number"),
        ({"difficulty": [{"question_id": "q", "difficulty": 1}] * 2}, "row 2: question_id: .*there twice"),
        ({"gamed": [{"difficulty": 1, "share": 2, "length_feature": 0}]}, "between 0 and 1, not 2"),
        ({"gamed": [{"difficulty": 1, "share": 1}]}, "no length_feature or tanh_std_delta_len"),
        ({"gamed": [{"difficulty": 1, "share": 1, "len_model": 3}]}, "len_baseline"),
        (
            {"gamed": [gamed_rows()[0], {"difficulty": 1, "share": 1, "length_feature": 0}]},
            "others only lengths",
        ),
        ({"gamed": "none.csv"}, "none.csv: no such file"),
    ],
)
def test_rows_that_make_no_sense_are_named(options: dict[str, Any], words: str) -> None:
    hard = [{"question_id": f"q{number}", "difficulty": 0.1 * number} for number in range(100)]
    with pytest.raises(DataError, match=words):
        against(battles(), **({"difficulty": hard, "gamed": gamed_rows()} | options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs a baseline"),
        ({"baseline": "nul"}, "the baseline 'nul' is in no battle\n  did you mean 'null'"),
        ({"baseline": BASE, "gamed": []}, "go together"),
        ({"baseline": BASE, "difficulty": []}, "go together"),
        ({"baseline": BASE, "official_order": True}, "official order"),
        ({"baseline": BASE, "difficulty": 3, "gamed": []}, "cannot read difficulty from int"),
        ({"baseline": BASE, "difficulty": [3], "gamed": []}, "cannot read a row from int"),
        ({"baseline": BASE, "ci": "bootstrap"}, "no bootstrap intervals"),
        ({"baseline": BASE, "simultaneous": True}, "no simultaneous"),
        ({"baseline": BASE, "details": True}, "no details"),
        ({"baseline": BASE, "anchor": {"GPT": 1000.0}}, "no anchor"),
        ({"baseline": BASE, "style": "lmarena"}, "no style"),
        ({"baseline": BASE, "side": True}, "no side"),
        ({"baseline": BASE, "cluster": "prompts"}, "no column 'prompts'"),
        ({"baseline": BASE, "level": 2.0}, "level"),
        ({"baseline": BASE, "shrink": True, "by": "category"}, "can be shrunk"),
        ({"baseline": BASE, "method": "elo"}, "elo has no baseline"),
        ({"method": "bradley-terry", "official_order": True}, "bradley-terry has no official order"),
        ({"method": "lenght-controlled"}, "did you mean 'length-controlled'"),
    ],
)
def test_senseless_wishes_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rank(battles(20), **({"method": "length-controlled"} | options))


def test_without_any_battle_the_baseline_is_missing() -> None:
    with pytest.raises(UsageError, match="in no battle"):
        against([])


def test_the_reader_can_be_called_by_itself() -> None:
    rows = battles(50)
    whole, groups = rank_length_controlled(rows, Against(BASE))
    assert groups == {}
    assert replace(whole, parameters={}) == replace(against(rows), parameters={})
