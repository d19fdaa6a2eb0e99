"""What docs/judges.md shows works as it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml
from tests.judges.making import game, matchup, prompt
from tests.support.require import ROOT

from palestra.config.judge import JudgeConfig
from palestra.config.schema import Schedule, Swap
from palestra.judges.fence import Fence
from palestra.judges.protocols import make_protocol
from palestra.judges.recorded import RecordedJudge
from palestra.judges.view import ALIASES, VARIABLES
from palestra.records.matchup import Order
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = (ROOT / "docs" / "judges.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_the_config_is_one() -> None:
    shown = yaml.safe_load(block("yaml"))
    labels = [JudgeConfig.model_validate(judge).label for judge in shown["judges"]]
    assert labels == ["Sonnet", "Grader", "Schema", "House rules", "Criteria", "Last month", "rougeL"]
    assert Schedule.model_validate(shown["schedule"]).swap is Swap.BOTH_COMBINE


def test_the_template_shows_both_answers_and_the_reference(tmp_path: Path) -> None:
    (tmp_path / "judge.txt").write_text(block("jinja"), encoding="utf-8")
    protocol = make_protocol("pairwise", template=tmp_path / "judge.txt")
    pair = matchup("x", "y", prompt("?", reference="z"))
    text = protocol.render(pair, Order.AB, Fence("m"))[-1].content
    assert [text.count(f"\n{each}\n<<END") for each in "?xyz"] == [1, 1, 1, 1]


def test_every_variable_is_named() -> None:
    assert all(f"`{name}`" in GUIDE for name in (*VARIABLES, *ALIASES))


async def test_the_rows_are_replayed(tmp_path: Path) -> None:
    (tmp_path / "v.jsonl").write_text(block("jsonl"), encoding="utf-8")
    judge = RecordedJudge.read(tmp_path / "v.jsonl", label="J")
    pairs = [matchup(asked=prompt(question_id=q), names=("Llama", "Qwen")) for q in "1234"]
    verdicts = [await judge.judge(game(pair)) for pair in pairs]
    assert [verdict.winner for verdict in verdicts] == [Winner.A, Winner.B, Winner.B, None]
    assert verdicts[3].failure is not None
    assert verdicts[3].failure.message == "No."
