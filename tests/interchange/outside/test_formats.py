"""Whatever the format: a file in its published columns, and every field where it belongs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.interchange.outside import made

from palestra.interchange.outside.convert import convert

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interchange.outside.case import Case


def test_own_battles_pass_through_whole(case: Case) -> None:
    row = made.own(
        battle_id="b", prompt=made.talk("Hi"), response_a="Ho", style={"tokens_a": 2.0}, flags=["x"], repeat=1
    )
    assert case(row) == [row]


@pytest.mark.parametrize("name", made.EXAMPLES)
def test_each_format_says_whose_it_is(name: str, case: Case, tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", made.EXAMPLES[name][:1] * 2)
    if name == "mt-bench-single":
        made.write_jsonl(path, [made.mt_bench_single(), made.mt_bench_single(model="bee")])
    tally = convert(
        path, tmp_path / "out.jsonl", verdicts=tmp_path / "v.jsonl", responses=tmp_path / "r.jsonl"
    )
    (file,) = tally.files
    assert (file.format, file.detected, file.rows, file.converted) == (name, True, 2, 2)
    for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["model_a"]
