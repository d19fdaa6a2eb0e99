"""A conversion as a whole: what is written, when it ends, and what it says of its rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.interchange.outside import made
from tests.support.require import shared_data

from palestra.errors import DataError, UsageError
from palestra.interchange.counts import count_battles
from palestra.interchange.gpu_poor import leaderboard_data, write_leaderboard
from palestra.interchange.outside.base import Options
from palestra.interchange.outside.convert import convert
from palestra.interchange.outside.registry import formats
from palestra.records.battle import Battle
from palestra.records.response import Response
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.interchange.outside.work import Step

BATTLES = [name for name in made.EXAMPLES if "battles" in formats()[name].gives]
_MODELS = ("model_a", "model", "model_1", "model_A", "model_a_name")
_NESTED = ("states", "games", "data", "pairs", "ranked_models", "sample_score")
DAMAGE = {"gpu-poor": {"ant": {"wins": 1, "losses": 1, "opponents": {"bee": {"wins": "x", "losses": 0}}}}}


def good(name: str) -> list[dict[str, Any]]:
    if name == "mt-bench-single":
        return [made.mt_bench_single(), made.mt_bench_single(model="bee")]
    return made.EXAMPLES[name][:1]


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def damaged(name: str) -> dict[str, Any]:
    """A row of the format in which a column holds what it cannot."""
    row = dict(good(name)[0])
    changes: dict[str, Any] = {key: {"oops": 1} for key in _MODELS if key in row}
    changes |= {key: 7 for key in _NESTED if key in row}
    changes |= {"generator_2": None} if name == "alpaca-eval" else {}
    changes |= {"winner": []} if name == "potato" else {}
    return DAMAGE.get(name) or {**row, **changes}


@pytest.mark.parametrize("name", BATTLES)
def test_a_damaged_row_of_any_format_is_told_by_its_line_and_stops_nothing(name: str, tmp_path: Path) -> None:
    rows = [*good(name), damaged(name), *good(name)]
    path = made.write_jsonl(tmp_path / "in.jsonl", rows)
    line = len(good(name)) + 1
    path.write_text(path.read_text(encoding="utf-8") + "{cut off", encoding="utf-8")
    tally = convert(path, tmp_path / "out.jsonl", format=name)
    assert (tally.rows, tally.skipped, tally.damaged) == (len(rows) + 1, 2, 2)
    places = [known.first for known in tally.reasons.values()]
    assert places == [[(str(path), line)], [(str(path), len(rows) + 1)]]
    battles = [Battle.model_validate_json(one) for one in lines_of(tmp_path / "out.jsonl")]
    assert tally.battles == len(battles) > 0


@pytest.mark.parametrize("name", BATTLES)
def test_strict_ends_there_and_writes_nothing(name: str, tmp_path: Path) -> None:
    rows = [*good(name), damaged(name)]
    path = made.write_jsonl(tmp_path / "in.jsonl", rows)
    with pytest.raises(DataError) as caught:
        convert(path, tmp_path / "out.jsonl", verdicts=tmp_path / "v.jsonl", format=name, strict=True)
    assert (caught.value.path, caught.value.line) == (str(path), len(rows))
    assert [one.name for one in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.parametrize("name", BATTLES)
def test_what_is_written_are_records_and_the_same_again(name: str, tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", good(name))
    for n in range(2):
        convert(path, tmp_path / f"{n}.jsonl", verdicts=tmp_path / f"v{n}.jsonl", format=name)
    for kind in ("{}.jsonl", "v{}.jsonl"):
        assert (tmp_path / kind.format(0)).read_bytes() == (tmp_path / kind.format(1)).read_bytes()
    for line in lines_of(tmp_path / "v0.jsonl"):
        assert Verdict.model_validate_json(line).judge_model
    counted = count_battles(tmp_path / "0.jsonl").battles
    assert counted.n.sum() == len(lines_of(tmp_path / "0.jsonl"))


def test_csv_of_the_kaggle_competition(tmp_path: Path) -> None:
    import csv

    rows = [made.lmarena_55k(), made.lmarena_55k(id=2, winner_tie=1), made.lmarena_55k(id=3, prompt="[oops")]
    with (tmp_path / "train.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    tally = convert(tmp_path / "train.csv", tmp_path / "out.jsonl")
    assert [row["battle_id"] for row in made.read_jsonl(tmp_path / "out.jsonl")] == ["30192"]
    assert {reason: known.first[0][1] for reason, known in tally.reasons.items()} == {
        "winner_model_a, winner_model_b, winner_tie: expected one winner, found 2": 3,
        "prompt: expected JSON": 4,
    }


@pytest.mark.parametrize("name", ["judgearena", "judgearena-annotations"])
def test_judgearenas_results_are_the_same_in_jsonl_csv_and_parquet(name: str, tmp_path: Path) -> None:
    import duckdb

    lines = made.write_jsonl(tmp_path / "in.jsonl", made.EXAMPLES[name])
    for ending, how in (("csv", "FORMAT csv, HEADER"), ("parquet", "FORMAT parquet")):
        duckdb.execute(f"COPY (FROM read_json('{lines}')) TO '{tmp_path / f'in.{ending}'}' ({how})")
    for ending in ("jsonl", "csv", "parquet"):
        tally = convert(tmp_path / f"in.{ending}", tmp_path / f"out-{ending}.jsonl")
        assert [file.format for file in tally.files] == [name]
        assert (tally.rows, tally.skipped) == (len(made.EXAMPLES[name]), 0)
    expected = made.read_jsonl(tmp_path / "out-jsonl.jsonl")
    assert made.read_jsonl(tmp_path / "out-csv.jsonl") == expected
    assert made.read_jsonl(tmp_path / "out-parquet.jsonl") == expected


def test_a_table_of_anybody(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(
        "left,right,vote,who,when,model_x\nant,bee,ant,me,2024-01-01T00:00:00,1\nant,bee,R,you,5,1\n"
        "ant,cat,same,me,6,1\nant,cat,?,me,7,1\n",
        encoding="utf-8",
    )
    options = Options(
        columns={"left": "model_a", "right": "model_b", "vote": "winner", "who": "voter", "when": "tstamp"},
        winners={"R": "model_b", "same": "tie"},
    )
    tally = convert(path, tmp_path / "out.jsonl", options=options)
    rows = made.read_jsonl(tmp_path / "out.jsonl")
    assert [(row["model_b"], row["winner"]) for row in rows] == [
        ("bee", "model_a"),
        ("bee", "model_b"),
        ("cat", "tie"),
    ]
    assert rows[0]["tstamp"] == 1704067200.0
    assert rows[0]["voter"] == rows[2]["voter"] != rows[1]["voter"]
    assert "me" not in {row["voter"] for row in rows}
    assert [known.first for known in tally.reasons.values()] == [[(str(path), 5)]]


def test_public_crowd_votes_convert_whole(tmp_path: Path) -> None:
    """llmfao's 4,143 votes, and the ratings that its author publishes follow from them elsewhere."""
    path = shared_data("llmfao") / "crowd_votes.csv.gz"
    columns = {"left": "model_a", "right": "model_b", "worker": "voter", "slug": "question_id"}
    options = Options(columns=columns, winners={"left": "model_a", "right": "model_b"})
    tally = convert(path, tmp_path / "out.parquet", options=options)
    assert (tally.rows, tally.battles, tally.skipped) == (4143, 4143, 0)
    assert len(count_battles(tmp_path / "out.parquet").battles.models) == 59


def test_totals_that_palestra_writes_come_back(tmp_path: Path) -> None:
    battles = [
        {"model_a": "b", "model_b": "a", "winner": word} for word in ("model_a", "tie", "model_b", "model_a")
    ]
    counts = count_battles([{**row, "model_b": other} for row in battles for other in ("a", "c")]).battles
    write_leaderboard(tmp_path / "leaderboard.json", leaderboard_data(counts))
    tally = convert(tmp_path / "leaderboard.json", tmp_path / "out.jsonl")
    back = count_battles(tmp_path / "out.jsonl").battles
    assert leaderboard_data(back) == leaderboard_data(counts)
    assert tally.battles == 8


def test_verdicts_and_answers_are_records(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.model_answer()])
    tally = convert(path, responses=tmp_path / "r.jsonl")
    assert tally.responses == 1
    assert Response.model_validate_json((tmp_path / "r.jsonl").read_text(encoding="utf-8")).ok


def test_answers_alone_make_no_battles_and_say_so(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.model_answer()])
    with pytest.raises(UsageError, match="hold responses, which are not to be written") as caught:
        convert(path, tmp_path / "out.jsonl")
    assert caught.value.hint == "add --responses FILE"


def test_nothing_convertible_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "log.json", [made.fastchat_chat()] * 3)
    (tmp_path / "out.jsonl").write_text("as it was")
    with pytest.raises(DataError, match=r"none of the 3 rows could be converted: 3 × no vote") as caught:
        convert(path, tmp_path / "out.jsonl")
    assert caught.value.line == 1
    assert (tmp_path / "out.jsonl").read_text() == "as it was"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"format": "lmarena"}, "unknown format 'lmarena'"),
        ({"format": "columns"}, "a table needs --map"),
        ({"format": "comparia", "options": Options(columns={"a": "model_a"})}, "--map names the columns"),
    ],
)
def test_wishes_that_make_no_sense(kwargs: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.comparia()])
    with pytest.raises(UsageError, match=message):
        convert(path, tmp_path / "out.jsonl", **kwargs)


def test_outputs_of_other_endings_or_places_are_refused(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.comparia()])
    with pytest.raises(UsageError, match=r"cannot write \.xlsx"):
        convert(path, tmp_path / "out.xlsx")
    with pytest.raises(DataError, match="cannot be written"):
        convert(path, tmp_path / "no" / "out.jsonl")
    with pytest.raises(UsageError, match="no files"):
        convert([], tmp_path / "out.jsonl")


@pytest.mark.parametrize("kind", ["out", "verdicts", "responses"])
@pytest.mark.parametrize("way", ["same", "link"])
def test_an_input_is_never_written_over(kind: str, way: str, tmp_path: Path) -> None:
    other = made.write_jsonl(tmp_path / "first.jsonl", [made.arena_hard_old()])
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.arena_hard_old()])
    before = path.read_bytes()
    target = path
    if way == "link":
        target = tmp_path / "link.jsonl"
        target.hardlink_to(path)
    outs: dict[str, Any] = {"out": tmp_path / "out.jsonl", kind: target}
    with pytest.raises(UsageError, match="is read, and would be written over"):
        convert(iter([other, path]), **outs)
    assert path.read_bytes() == before
    assert not (tmp_path / "out.jsonl").exists()


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.arena_hard_old()])
    with pytest.raises(UsageError, match="both battles and verdicts"):
        convert(path, tmp_path / "out.jsonl", verdicts=tmp_path / "." / "out.jsonl")
    assert [one.name for one in tmp_path.iterdir()] == ["in.jsonl"]


EXPECTED = {
    "prompt": (7, "expected a text, or messages with a role and a content"),
    "response_a": ([{"role": "robot", "content": "x"}], "expected a text, or messages with a role"),
    "source": ("crowd", "expected human, llm-judge or metric"),
    "order": ("left", "expected ab, ba or both"),
    "tstamp": ("today", "expected a number"),
    "repeat": (0.5, "expected a whole number"),
    "weight": (-1, "expected a number from 0"),
    "pref": (1.5, "expected a number from 0 to 1"),
    "soft": ("perhaps", "expected true or false"),
    "flags": ([1], "expected a list of texts"),
    "style": ({"tokens_a": "many"}, "expected an object of numbers"),
    "winner": ("somebody", "unknown winner"),
    "category": ({"a": 1}, "expected a text"),
}


@pytest.mark.parametrize("column", EXPECTED)
def test_a_cell_that_does_not_fit_is_told_by_column_and_what_was_expected(
    column: str, tmp_path: Path
) -> None:
    value, words = EXPECTED[column]
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.own(), made.own(**{column: value})])
    tally = convert(path, tmp_path / "out.jsonl")
    (reason,) = tally.reasons
    assert reason.startswith(f"{column}: {words}")
    with pytest.raises(DataError) as caught:
        convert(path, tmp_path / "out.jsonl", strict=True)
    assert str(caught.value).startswith(f"{path}:2: {column}: {words}")


def test_a_cell_that_is_missing_is_told_as_such(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.own(), made.own(winner=None), made.own(model_b="")])
    tally = convert(path, tmp_path / "out.jsonl")
    assert list(tally.reasons) == ["winner: missing or empty", "model_b: missing or empty"]


def test_how_far_it_is_can_be_watched(tmp_path: Path) -> None:
    steps: list[Step] = []
    path = made.write_jsonl(tmp_path / "in.jsonl", [made.clean_battle()] * 1000)
    convert(path, tmp_path / "out.jsonl", progress=steps.append)
    assert (steps[-1].file, steps[-1].rows, steps[-1].finished) == (str(path), 1000, True)


def test_texts_that_no_database_can_hold_are_mended(tmp_path: Path) -> None:
    path = made.write_jsonl(
        tmp_path / "in.jsonl", [made.alpaca_annotation(output_1="a\0b", output_2="\\u0000")]
    )
    convert(path, tmp_path / "out.jsonl")
    (row,) = made.read_jsonl(tmp_path / "out.jsonl")
    assert (row["response_a"], row["response_b"]) == ("a\ufffdb", "\\u0000")


def test_the_account_for_people(tmp_path: Path) -> None:
    path = made.write_jsonl(
        tmp_path / "log.json", [made.fastchat_vote(), *[made.fastchat_chat()] * 5, {"x": 1}]
    )
    tally = convert(path, tmp_path / "out.jsonl")
    found = [line.replace(str(path), "log") for line in tally.lines()]
    assert found[:4] == [
        "log: FastChat arena log (fastchat-log, found by its columns)",
        "7 rows read, 1 converted, 6 skipped: 1 battle",
        "  6 left out: no vote, but another event of the log (log:2, log:3, log:4, …)",
        "note: IP addresses became numbers in the order of first votes",
    ]
    assert "203.0.113.9" not in json.dumps(made.read_jsonl(tmp_path / "out.jsonl"))


def test_rows_of_a_list_on_one_line_are_told_by_their_element(tmp_path: Path) -> None:
    votes = [made.clean_battle(), made.clean_battle(winner="draw"), 7, made.clean_battle(winner="draw")]
    path = tmp_path / "votes.json"
    for whole in (votes, {"data": [one for one in votes if one != 7]}):
        path.write_text(json.dumps(whole), encoding="utf-8")
        tally = convert(path, tmp_path / "out.jsonl")
        third = 4 if whole is votes else 3
        where = f"({path}:1, element 2; {path}:1, element {third})"
        assert f"  2 damaged: winner: unknown winner {where}" in tally.lines()
        stray = f"  1 damaged: bad JSON: expected an object ({path}:1, element 3)"
        assert (stray in tally.lines()) == (whole is votes)
    with pytest.raises(DataError) as caught:
        convert(path, tmp_path / "out.jsonl", strict=True)
    assert str(caught.value) == f"{path}:1: element 2, winner: unknown winner: 'draw'"


def test_rows_of_a_list_on_lines_of_their_own_are_told_by_the_line(tmp_path: Path) -> None:
    votes = [made.clean_battle(), made.clean_battle(winner="draw")]
    path = tmp_path / "votes.json"
    path.write_text(json.dumps(votes, indent=1), encoding="utf-8")
    tally = convert(path, tmp_path / "out.jsonl")
    assert tally.lines()[-1] == f"  1 damaged: winner: unknown winner ({path}:12)"
