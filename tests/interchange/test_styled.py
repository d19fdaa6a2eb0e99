from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest

from palestra.errors import DataError, UsageError
from palestra.interchange.rank import rank
from palestra.interchange.styled import rank_styled, styled_rows
from palestra.ranking.style import FEATURES, style_of
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.records.rating import Leaderboard

MODELS = ("Llama", "GPT", "Claude", "null")
FIELDS = [f"{feature}_{side}" for feature in FEATURES for side in "ab"]


def battles(n: int = 600, seed: int = 0) -> list[dict[str, Any]]:
    """Longer answers win more, and so do those shown first; GPT is wordy."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        a, b = rng.choice(4, 2, replace=False)
        style = {
            f"{feature}_{side}": int(
                rng.poisson(9 if model != 1 else 14) * (20 if feature == "tokens" else 1)
            )
            for feature in FEATURES
            for side, model in (("a", a), ("b", b))
        }
        order = str(rng.choice(["ab", "ba"]))
        longer = (style["tokens_a"] - style["tokens_b"]) / (style["tokens_a"] + style["tokens_b"])
        odds = 0.3 * (a - b) + 2.0 * longer + (0.5 if order == "ab" else -0.5)
        winner = "tie" if rng.random() < 0.2 else "model_b"
        winner = "model_a" if rng.random() < 1 / (1 + math.exp(-odds)) and winner != "tie" else winner
        rows.append(
            {
                "question_id": f"q{number // 3}",
                "model_a": MODELS[a],
                "model_b": MODELS[b],
                "winner": winner,
                "language": "en" if number % 4 else "de",
                "order": order,
                "style": style,
            }
        )
    return rows


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def sql_of(source: Path, target: Path, style: str, options: str) -> Path:
    columns = (
        "{question_id: 'VARCHAR', model_a: 'VARCHAR', model_b: 'VARCHAR', winner: 'VARCHAR', "
        f"language: 'VARCHAR', \"order\": 'VARCHAR', style: '{style}'}}"
    )
    duckdb.sql(f"COPY (FROM read_json('{source}', columns={columns})) TO '{target}' ({options})")
    return target


STRUCT = "STRUCT(" + ", ".join(f"{name} INTEGER" for name in FIELDS) + ")"


def every_form(folder: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The same battles in every form that is read."""
    lines = write_jsonl(folder / "battles.jsonl", rows)
    whole = folder / "battles.json"
    whole.write_text(json.dumps(rows), encoding="utf-8")
    records = [Battle.model_validate(row) for row in rows]
    return {
        "jsonl": lines,
        "json": whole,
        "parquet with a struct": sql_of(lines, folder / "struct.parquet", STRUCT, "FORMAT parquet"),
        "parquet with text": sql_of(lines, folder / "text.parquet", "JSON", "FORMAT parquet"),
        "csv": sql_of(lines, folder / "battles.csv", "JSON", "FORMAT csv, HEADER"),
        "dicts": rows,
        "records": records,
    }


def told(board: Leaderboard) -> dict[str, float]:
    return {row.model: row.rating for row in board.ratings}


def coefficients(board: Leaderboard) -> dict[str, dict[str, Any]]:
    return {row["feature"]: row for row in board.parameters["coefficients"]}


def test_every_form_of_battles_gives_the_same_board(tmp_path: Path) -> None:
    forms = every_form(tmp_path, battles())
    boards = {
        name: rank_styled(form, side=True, cluster="question_id").to_dict() for name, form in forms.items()
    }
    expected = boards.pop("jsonl")
    assert expected["interval"]["cluster"] == "question_id"
    for name, board in boards.items():
        assert board == expected, name


def test_a_data_frame_gives_the_same_board() -> None:
    pandas = pytest.importorskip("pandas")
    rows = battles()
    assert told(rank_styled(pandas.DataFrame(rows), side=True)) == pytest.approx(
        told(rank_styled(rows, side=True)), abs=1e-9
    )


def test_an_arrow_table_gives_the_same_board() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    rows = battles()
    assert told(rank_styled(pyarrow.Table.from_pylist(rows))) == pytest.approx(
        told(rank_styled(rows)), abs=1e-9
    )


def test_files_split_anyhow_give_the_same_board(tmp_path: Path) -> None:
    rows = battles()
    parts = [rows[:10], rows[10:400], rows[400:]]
    files = [write_jsonl(tmp_path / f"{number}.jsonl", part) for number, part in enumerate(parts)]
    whole, split = (rank_styled(form, side=True, cluster="question_id") for form in (rows, files[::-1]))
    assert told(split) == pytest.approx(told(whole), abs=1e-9)
    for name, row in coefficients(whole).items():
        numbers = [value for key, value in row.items() if key != "feature"]
        assert list(coefficients(split)[name].values())[1:] == pytest.approx(numbers, rel=1e-9)


def test_what_length_and_side_are_worth_is_told_and_taken_out() -> None:
    """True values: 2 log-odds per unit of the relative length, and half a log-odd for being first."""
    rows = battles(20_000)
    plain, styled = rank(rows), rank_styled(rows, side=True)
    found = coefficients(styled)
    assert list(found) == [*FEATURES, "side"]
    tokens, side = found["tokens"], found["side"]
    assert tokens["coefficient"] / tokens["spread"] == pytest.approx(1.6, abs=0.25)
    assert abs(side["coefficient"] - 0.4) < 0.06
    assert abs(found["bold"]["coefficient"]) < 3 * found["bold"]["standard_error"]
    assert tokens["points"] == pytest.approx(400 / math.log(10) * tokens["coefficient"])
    assert told(styled)["GPT"] < told(plain)["GPT"] - 30
    assert styled.parameters["style"] == "lmarena"
    assert styled.method == "bradley-terry"
    assert all(row.ci_low is not None for row in styled.ratings)


def test_without_features_it_is_the_plain_board() -> None:
    rows = battles()
    plain, found = rank(rows), rank_styled(rows, style=False)
    assert told(found) == pytest.approx(told(plain), abs=1e-9)
    bounds = {row.model: row.ci_low for row in plain.ratings}
    assert {row.model: row.ci_low for row in found.ratings} == pytest.approx(bounds, abs=1e-5)
    assert [row.wins for row in found.ratings] == [row.wins for row in plain.ratings]
    assert found.parameters["coefficients"] == []


def test_turning_battles_round_changes_nothing() -> None:
    rows = battles()
    turned = []
    for number, row in enumerate(rows):
        if number % 2:
            turned.append(row)
            continue
        style = {
            name[:-1] + ("b" if name.endswith("a") else "a"): count for name, count in row["style"].items()
        }
        winner = {"model_a": "model_b", "model_b": "model_a"}.get(row["winner"], row["winner"])
        order = {"ab": "ba", "ba": "ab"}[row["order"]]
        turned.append(
            row
            | {
                "model_a": row["model_b"],
                "model_b": row["model_a"],
                "winner": winner,
                "style": style,
                "order": order,
            }
        )
    for options in ({"side": True}, {"style": "arena-hard"}, {"cluster": "question_id"}):
        whole, other = rank_styled(rows, **options), rank_styled(turned, **options)
        assert told(other) == pytest.approx(told(whole), abs=1e-6), options


def test_with_a_side_centring_changes_no_rating_where_a_is_always_first() -> None:
    rows = [row | {"order": None} for row in battles()]
    plain, centred = (rank_styled(rows, side=True, centred=centred) for centred in (False, True))
    assert told(centred) == pytest.approx(told(plain), abs=1e-6)
    assert coefficients(centred)["tokens"]["centre"] != 0.0


def test_a_style_is_counted_in_the_answers_where_it_is_not_told(tmp_path: Path) -> None:
    """Text, a conversation, and a style that lacks one count."""
    answers = ["# One\n**bold** text\n- item", "plain words only here", "[{not a conversation", ""]
    rows = battles(80)
    for number, row in enumerate(rows):
        texts = [answers[number % 4], answers[(number + 1) % 4]]
        row["style"] = None if number % 2 else {"tokens_a": 5}
        row["response_a"] = [
            {"role": "user", "content": "# not counted"},
            {"role": "assistant", "content": texts[0]},
        ]
        row["response_b"] = texts[1]
    found = styled_rows(rows)
    assert found.n_counted == 80
    assert found.style_a is not None
    assert found.style_b is not None
    for number in range(80):
        assert found.style_a[number].tolist() == list(style_of(answers[number % 4]).values())
        assert found.style_b[number].tolist() == list(style_of(answers[(number + 1) % 4]).values())
    again = styled_rows(write_jsonl(tmp_path / "battles.jsonl", rows))
    assert again.style_a is not None
    assert np.array_equal(again.style_a, found.style_a)
    told_style = [row | {"style": dict(zip(FIELDS, range(8), strict=True))} for row in rows]
    assert styled_rows(told_style).n_counted == 0


@pytest.mark.parametrize("kind", ["jsonl", "csv", "struct.parquet", "text.parquet", "dicts"])
def test_a_row_with_neither_style_nor_answers_is_named(tmp_path: Path, kind: str) -> None:
    rows = battles(20)
    rows[13]["style"] = {**rows[13]["style"], "bold_b": None}
    lines = write_jsonl(tmp_path / "rows.jsonl", rows)
    forms: dict[str, Any] = {
        "jsonl": lines,
        "csv": tmp_path / "rows.csv",
        "struct.parquet": tmp_path / "rows.parquet",
        "text.parquet": tmp_path / "rows.parquet",
        "dicts": rows,
    }
    if kind not in ("jsonl", "dicts"):
        style = STRUCT if kind == "struct.parquet" else "JSON"
        sql_of(lines, forms[kind], style, "FORMAT csv, HEADER" if kind == "csv" else "FORMAT parquet")
    with pytest.raises(DataError, match=r"`style` has no bold_b.*response_a or response_b") as caught:
        rank_styled(forms[kind])
    place = {"jsonl": "rows.jsonl:14: style", "csv": "rows.csv:15: style", "dicts": "battle 14: style"}
    assert caught.value.place.endswith(place.get(kind, "rows.parquet, battle 14: style"))
    assert "rate without style" in (caught.value.hint or "")


def test_a_row_that_the_filter_keeps_is_named_by_its_number(tmp_path: Path) -> None:
    rows = battles(20)
    del rows[8]["style"]
    lines = write_jsonl(tmp_path / "rows.jsonl", rows)
    with pytest.raises(DataError, match="battle 3 of those that the filter keeps"):
        rank_styled(lines, filter="language = 'de'")
    assert rank_styled(lines, filter="language = 'en'").n_battles == 15


@pytest.mark.parametrize("value", [-1, math.inf, "many"])
def test_senseless_counts_are_named(value: object) -> None:
    rows = battles(5)
    rows[2]["style"]["lists_a"] = value
    with pytest.raises(DataError) as caught:
        styled_rows(json.loads(json.dumps(rows)))
    assert caught.value.place.endswith("battle 3: style")


def test_rows_that_do_not_count_need_no_style() -> None:
    more = [
        {"model_a": "GPT", "model_b": "GPT", "winner": "tie"},
        {"model_a": "GPT", "model_b": "Llama", "winner": "model_a", "weight": 0},
    ]
    rows = battles(100)
    board, expected = rank_styled([*rows, *more]), rank_styled(rows)
    assert told(board) == pytest.approx(told(expected), abs=1e-9)
    assert len(board.warnings) == len(expected.warnings) + 2


def test_the_side_of_each_row_is_read(tmp_path: Path) -> None:
    rows = battles(5)
    for row, order in zip(rows, ["ab", "ba", "both", None, ""], strict=True):
        row["order"] = order
    for form in (write_jsonl(tmp_path / "rows.jsonl", rows), rows[:4]):
        side = styled_rows(form, style=False, side=True).side
        assert side is not None
        assert side[:4].tolist() == [1.0, -1.0, 0.0, 1.0]
    rows[3]["order"] = "BA"
    with pytest.raises(DataError, match="unknown order") as caught:
        styled_rows(write_jsonl(tmp_path / "rows.jsonl", rows), style=False, side=True)
    assert caught.value.place.endswith("rows.jsonl:4: order")


def test_clusters_are_the_same_in_every_file_and_rows_without_one_stand_alone(tmp_path: Path) -> None:
    rows = battles(9)
    rows[4]["question_id"] = None
    files = [write_jsonl(tmp_path / f"{n}.jsonl", rows[n::2]) for n in (0, 1)]
    one = styled_rows(rows, style=False, cluster="question_id").clusters
    two = styled_rows(files, style=False, cluster="question_id").clusters
    assert one is not None
    assert two is not None
    assert np.array_equal(two, np.r_[one[0::2], one[1::2]])
    assert one[4] == -1
    assert one[0] == one[1] == one[2] >= 0
    assert np.unique(one).size == 4


def test_soft_labels_weights_and_anchors_are_read_as_everywhere() -> None:
    rows = battles(300)
    for number, row in enumerate(rows):
        row |= {"pref": number / 300, "soft": number % 2 == 0, "weight": 1 + number % 3}
        rows[number] = row
    plain = rank(rows, anchor={"null": 1200.0}, labels="soft", filter="language = 'en'")
    found = rank_styled(rows, style=False, anchor={"null": 1200.0}, labels="soft", filter="language = 'en'")
    assert told(found) == pytest.approx(told(plain), abs=1e-9)
    assert (found.parameters["labels"], found.parameters["filter"]) == ("soft", "language = 'en'")


def test_a_run_folder_counts_its_failed_verdicts(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "battles.jsonl", battles(30))
    write_jsonl(tmp_path / "verdicts.jsonl", [{"failure": {"kind": "x"}}, {"failure": None}])
    assert rank_styled(tmp_path).n_failed == 1
    assert rank_styled(tmp_path, filter="language = 'en'").n_failed is None
    assert rank_styled(battles(30)).n_failed is None


def test_no_battles_give_an_empty_board() -> None:
    board = rank_styled([])
    assert board.ratings == []
    assert board.warnings[-1:] == ["there are no battles"] or "there are no battles" in board.warnings


def test_one_battle_has_a_defined_board() -> None:
    board = rank_styled(battles(1), side=True)
    assert all(math.isfinite(row.rating) for row in board.ratings)
    assert [row["coefficient"] for row in board.parameters["coefficients"]] == [0.0] * 5
    json.dumps(board.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "options",
    [
        {"style": "fancy"},
        {"cluster": "prompts"},
        {"ci": "bootstrap"},
        {"ci": "jackknife"},
        {"method": "elo"},
        {"level": 2.0},
        {"labels": "medium"},
        {"filter": "nonsense ="},
        {"rounds_": 3},
    ],
)
def test_senseless_wishes_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        rank_styled(battles(10), **options)


def test_no_interval_on_request() -> None:
    board = rank_styled(battles(200), ci="none")
    assert board.interval.kind == "none"
    assert [row.ci_low for row in board.ratings] == [None] * 4


def test_a_board_with_style_has_the_cautions_of_a_plain_one() -> None:
    """What A won by being first is no longer said where the board has a term for it."""
    rows = [
        row | {"order": None, "winner": "model_a" if n % 3 else row["winner"]}
        for n, row in enumerate(battles())
    ]
    order_effect = [warning for warning in rank(rows).warnings if "order effect" in warning]
    assert len(order_effect) == 1
    assert order_effect[0] in rank_styled(rows).warnings
    assert not any("order effect" in warning for warning in rank_styled(rows, side=True).warnings)
    few = [row | {"question_id": f"q{n % 4}"} for n, row in enumerate(rows)]
    assert any("4 prompts only" in warning for warning in rank_styled(few, cluster="question_id").warnings)


def test_intervals_over_few_clusters_are_as_wide_as_those_of_a_plain_board() -> None:
    rows = [row | {"question_id": f"q{n % 5}"} for n, row in enumerate(battles())]
    plain = {row.model: row.ci_high for row in rank(rows, cluster="question_id").ratings}
    found = {row.model: row.ci_high for row in rank_styled(rows, style=False, cluster="question_id").ratings}
    assert found == pytest.approx(plain, abs=1e-5)
