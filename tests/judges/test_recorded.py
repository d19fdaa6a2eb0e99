from __future__ import annotations

import contextlib
import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judges.making import game, matchup, mirrored, prompt, verdict
from tests.support import require

from palestra.config.judge import JudgeConfig
from palestra.config.schema import Swap
from palestra.errors import DataError
from palestra.judges.base import Game
from palestra.judges.battles import to_battles
from palestra.judges.recorded import RecordedJudge
from palestra.records.battle import Source
from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from pathlib import Path

ROW = {"question_id": "q1", "model_a": "X", "model_b": "Y"}


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def replay(path: Path, **how: Any) -> RecordedJudge:
    return RecordedJudge.read(path, label="J", **how)


async def ask(
    judge: RecordedJudge, order: Order = Order.AB, repeat: int = 0, turned: bool = False
) -> Verdict:
    pair = mirrored(matchup()) if turned else matchup()
    return await judge.judge(game(pair, order, repeat))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "verdicts.jsonl"


async def test_our_own_verdicts_come_back_as_they_were(file: Path) -> None:
    """Everything but the key, which is the new game's, and the label."""
    written = [
        verdict(
            Winner.A,
            Order.AB,
            label="A>B",
            pref=0.75,
            explanation="ex",
            raw="[[A>B]]",
            tokens_in=5,
            tokens_out=2,
            cost_usd=0.1,
            tstamp=3.5,
            protocol="pairwise",
        ),
        verdict(Winner.B, Order.BA, score_a=3.0, score_b=7.5, pref=0.2, protocol="scores"),
        verdict(Winner.BOTH_BAD, Order.AB, repeat=1),
        verdict(
            None, Order.BA, repeat=1, failure=Failure(kind=FailureKind.REFUSED, message="no", status=400)
        ),
    ]
    file.write_text("".join(one.json_line() + "\n" for one in written))
    judge = replay(file)
    for one in written:
        asked = game(order=one.order, repeat=one.repeat)
        assert await judge.judge(asked) == one.model_copy(update={"key": judge.key(asked)})


async def test_a_pair_the_other_way_round_is_told_of_our_models(file: Path) -> None:
    judge = replay(
        jsonl(file, ROW | {"order": "ab", "label": "A>>B", "score_a": 9, "score_b": 1, "pref": 0.9})
    )
    found = await ask(judge, Order.BA, turned=True)
    assert (found.model_a, found.model_b, found.order) == ("Y", "X", Order.BA)
    assert (found.winner, found.label, found.score_a) == (Winner.B, "B>>A", 1)
    assert found.pref == pytest.approx(0.1)
    missing = await ask(judge, Order.AB, turned=True)
    assert missing.failure is not None


async def test_what_is_not_there_is_missing_and_nothing_else(file: Path) -> None:
    judge = replay(jsonl(file, ROW | {"winner": "tie", "order": "ab", "repeat": 0}))
    other_names = matchup(names=("X", "Z"))
    other_question = matchup(asked=prompt(question_id="q2"))
    for asked in (
        game(order=Order.BA),
        game(repeat=1),
        game(other_names),
        game(other_question),
    ):
        found = await judge.judge(asked)
        assert found.failure is not None
        assert found.failure.kind is FailureKind.MISSING
        assert (found.winner, found.pref) == (None, None)
        assert found.question_id == asked.matchup.prompt.question_id


async def test_a_row_without_an_order_answers_both(file: Path) -> None:
    extras: list[dict[str, Any]] = [{}, {"order": None}, {"order": "both"}]
    for extra in extras:
        judge = replay(jsonl(file, ROW | {"winner": "model_a"} | extra))
        for order in (Order.AB, Order.BA):
            assert ((await ask(judge, order)).winner, (await ask(judge, order)).order) == (Winner.A, order)
            assert (await ask(judge, order, turned=True)).winner is Winner.B


async def test_any_order_takes_what_the_file_has_and_says_so(file: Path) -> None:
    rows: list[dict[str, Any]]
    rows = [ROW | {"winner": "model_a", "order": "ba"}, ROW | {"winner": "tie", "order": "ab", "repeat": 1}]
    judge = replay(jsonl(file, *rows), any_order=True)
    assert [(v.winner, v.order) for v in [await ask(judge)]] == [(Winner.A, Order.BA)]
    assert [(v.winner, v.order) for v in [await ask(judge, turned=True)]] == [(Winner.B, Order.AB)]
    assert (await ask(judge, Order.BA, repeat=1)).order is Order.AB
    assert (await ask(replay(file), Order.AB)).failure is not None


async def test_any_order_prefers_the_order_that_was_asked_for(file: Path) -> None:
    rows = [ROW | {"winner": "model_a", "order": "ab"}, ROW | {"winner": "model_b", "order": "ba"}]
    judge = replay(jsonl(file, *rows), any_order=True)
    assert [(await ask(judge, order)).winner for order in (Order.AB, Order.BA)] == [Winner.A, Winner.B]


@pytest.mark.parametrize(
    ("cells", "winner"),
    [
        ({"winner": "model_b"}, Winner.B),
        ({"winner": "both_bad"}, Winner.BOTH_BAD),
        ({"pref": 0.7}, Winner.A),
        ({"pref": 0.5}, Winner.TIE),
        ({"pref": 0}, Winner.B),
        ({"label": "B>A"}, Winner.B),
        ({"label": "[[A=B]]"}, Winner.TIE),
        ({"score_a": 2, "score_b": 2}, Winner.TIE),
        ({"score_a": 2, "score_b": 3}, Winner.B),
        ({"winner": "tie", "pref": 0.6}, Winner.TIE),
    ],
)
async def test_a_winner_is_given_or_follows(file: Path, cells: dict[str, Any], winner: Winner) -> None:
    assert (await ask(replay(jsonl(file, ROW | cells)))).winner is winner


async def test_rows_without_repeat_are_numbered_as_they_come(file: Path) -> None:
    rows = [ROW | {"winner": winner} for winner in ("model_a", "tie", "model_b")]
    judge = replay(jsonl(file, *rows))
    assert [(await ask(judge, repeat=r)).winner for r in range(3)] == [Winner.A, Winner.TIE, Winner.B]
    assert (await ask(judge, repeat=3)).failure is not None


async def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    import duckdb

    rows = [
        {"question_id": 1, "model_a": "null", "model_b": "Y", "winner": "", "pref": 0.8, "failure": ""},
        {"question_id": 2, "model_a": "null", "model_b": "Y", "winner": "tie", "pref": None, "failure": ""},
        {
            "question_id": 3,
            "model_a": "Y",
            "model_b": "null",
            "winner": "",
            "pref": None,
            "failure": '{"kind": "refused", "message": "no"}',
        },
    ]
    with (tmp_path / "v.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_csv('{tmp_path}/v.csv', nullstr='')) "
            f"TO '{tmp_path}/v.parquet' (FORMAT parquet)"
        )
    for name in ("v.csv", "v.parquet"):
        judge = replay(tmp_path / name)
        found = [
            await judge.judge(game(matchup(asked=prompt(question_id=q), names=("null", "Y")))) for q in "123"
        ]
        assert [v.winner for v in found] == [Winner.A, Winner.TIE, None]
        assert [v.pref for v in found] == [0.8, None, None]
        assert found[2].failure == Failure(kind=FailureKind.REFUSED, message="no")


async def test_one_judge_of_several(file: Path) -> None:
    rows = [ROW | {"winner": "model_a", "judge_model": "J"}, ROW | {"winner": "model_b", "judge_model": "K"}]
    jsonl(file, *rows)
    assert (await ask(replay(file))).winner is Winner.A
    assert (await ask(replay(file, judge="K"))).winner is Winner.B
    assert (await ask(replay(file, judge="K"))).judge_model == "J"
    with pytest.raises(DataError, match="did you mean 'K'"):
        RecordedJudge.read(file, label="other", judge="KK")
    with pytest.raises(DataError, match="several judges"):
        RecordedJudge.read(file, label="other")


def test_a_file_of_metric_verdicts_is_of_the_source_metric(file: Path) -> None:
    rows = [ROW | {"winner": "tie", "protocol": "metric:bleu"}]
    assert replay(jsonl(file, *rows)).source is Source.METRIC
    assert replay(jsonl(file, *rows, ROW | {"winner": "tie"})).source is Source.JUDGE


@pytest.mark.parametrize(
    ("cells", "message", "key"),
    [
        ({}, "needs a winner", None),
        ({"winner": "X"}, "unknown winner 'X'", "winner"),
        ({"pref": 1.5}, "not between 0 and 1", "pref"),
        ({"pref": "high"}, "not a number", "pref"),
        ({"pref": "nan"}, "not a number", "pref"),
        ({"winner": "tie", "score_a": "inf"}, "not a number", "score_a"),
        ({"winner": "tie", "score_a": "9" * 400}, "not a number", "score_a"),
        ({"winner": True}, "neither a text nor a number", "winner"),
        ({"pref": 0.4, "winner": ["model_b"]}, "neither a text nor a number", "winner"),
        ({"winner": "tie", "judge_model": {}}, "neither a text nor a number", "judge_model"),
        ({"winner": "tie", "tokens_in": 1e300}, "not a whole number", "tokens_in"),
        ({"winner": "tie", "order": "abba"}, "not one of ab, ba, both", "order"),
        ({"winner": "tie", "repeat": 1.5}, "not a whole number", "repeat"),
        ({"winner": "tie", "repeat": -1}, "not a whole number", "repeat"),
        ({"winner": "tie", "repeat": "inf"}, "not a number", "repeat"),
        ({"label": "A>>>B"}, "is not one of A>>B", "label"),
        ({"winner": "model_a", "pref": 0.2}, "contradicts the winner model_a", "pref"),
        ({"winner": "model_b", "label": "A>B"}, "contradicts", "label"),
        ({"winner": "tie", "question_id": None}, "missing", "question_id"),
        ({"winner": "tie", "model_b": ""}, "missing", "model_b"),
        ({"winner": "tie", "model_b": "X"}, "both 'X'", None),
        ({"failure": "broken"}, "not a failure", "failure"),
        ({"failure": {"kind": "boredom", "message": ""}}, "Input should be", "failure.kind"),
        ({"failure": 5}, "Input should be", "failure"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(
    file: Path, cells: dict[str, Any], message: str, key: str | None
) -> None:
    good = {"question_id": "q0", "model_a": "X", "model_b": "Y", "winner": "tie"}
    jsonl(file, good, ROW | cells)
    with pytest.raises(DataError) as caught:
        replay(file)
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line, caught.value.key) == (str(file), 2, key)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
cells: st.SearchStrategy[Any] = st.one_of(plain, st.just([]), st.just({}))
columns = st.sampled_from([*Verdict.model_fields])


@given(st.lists(st.tuples(columns, st.one_of(cells, st.sampled_from(["tie", "ab", "A>B"]))), max_size=4))
async def test_no_row_makes_anything_but_a_verdict_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, Any]]
) -> None:
    file = tmp_path_factory.mktemp("r") / "v.jsonl"
    jsonl(file, ROW | {"winner": "model_a"} | dict(changes))
    with contextlib.suppress(DataError):
        judge = replay(file)
        assert judge.key(game())
        assert (await ask(judge)).judge_model == "J"


def test_two_different_verdicts_on_the_same_are_an_error(file: Path) -> None:
    """The same one twice, or told the other way round, is none."""
    row = ROW | {"winner": "model_a", "order": "ab", "repeat": 0}
    turned = {"question_id": "q1", "model_a": "Y", "model_b": "X", "order": "ba", "repeat": 0}
    replay(jsonl(file, row, row, turned | {"winner": "model_b"}))
    with pytest.raises(DataError, match=r"another verdict .* than line 1") as caught:
        replay(jsonl(file, row, turned | {"winner": "model_a"}))
    assert caught.value.line == 2


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content in (
        ("none.jsonl", None),
        ("empty.jsonl", b""),
        ("cut.parquet", b"PAR1"),
        ("x.txt", b"x"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError) as caught:
            replay(tmp_path / name)
        assert caught.value.path == str(tmp_path / name)


def test_the_key_is_of_the_content(file: Path) -> None:
    def key(**cells: Any) -> str:
        return replay(jsonl(file, ROW | cells)).key(game())

    assert key(winner="tie") == key(winner="tie", judge_model="someone")
    assert len({key(winner="tie"), key(winner="model_a"), key(pref=0.5), key(winner="tie", order="ba")}) == 4
    judge = replay(jsonl(file, ROW | {"winner": "model_a"}))
    assert judge.key(game()) == judge.key(Game(mirrored(matchup()), Order.BA))


async def test_published_verdicts_give_the_published_win_rates(tmp_path: Path) -> None:
    """AlpacaEval: six models against GPT-4 Turbo; a model's share is the mean of preference − 1."""
    import duckdb

    source = require.shared_data("alpacaeval") / "texts_verdicts.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT instruction_id AS question_id, 'gpt4_1106_preview' AS model_a, model AS model_b, "
            f"2 - preference AS pref FROM read_parquet('{source}')) "
            f"TO '{tmp_path}/v.parquet' (FORMAT parquet)"
        )
        expected = dict(
            connection.execute(
                f"SELECT model, avg(preference - 1) FROM read_parquet('{source}') GROUP BY model"
            ).fetchall()
        )
        questions = connection.execute(
            f"SELECT model, instruction_id FROM read_parquet('{source}')"
        ).fetchall()
    assert (len(expected), len(questions)) == (6, 720)
    config = JudgeConfig(label="J", path=tmp_path / "v.parquet", soft=True)
    judge = RecordedJudge.read(tmp_path / "v.parquet", label="J", any_order=True)
    shares: dict[str, list[float]] = {}
    for number, (model, question) in enumerate(questions):
        pair = matchup(asked=prompt(question_id=str(question)), names=("gpt4_1106_preview", model))
        asked = game(pair, Order.AB if number % 2 else Order.BA)
        [battle] = to_battles(pair, [await judge.judge(asked)], [config], swap=Swap.ONCE)
        assert battle.soft
        shares.setdefault(battle.model_b, []).append(1 - battle.share())
    means = {model: sum(each) / len(each) for model, each in shares.items()}
    assert all(len(each) == 120 for each in shares.values())
    assert means == pytest.approx(expected, abs=1e-9)
