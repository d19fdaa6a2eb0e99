"""Synthetic result folders, built from the record classes."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from palestra.records.battle import Battle, Source
from palestra.records.failure import Failure, FailureKind
from palestra.records.manifest import Manifest, Spend
from palestra.records.matchup import Order
from palestra.records.rating import Interval, Leaderboard, Rating
from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner
from palestra.report.boards import board_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from palestra.records.base import Record
    from palestra.records.prompt import Prompt

START = 1_763_000_000.0


def rating(model: str, rank: int, value: float = 1000.0, **more: object) -> Rating:
    """A leaderboard row with an interval of 40 either way."""
    known: dict[str, object] = {
        "rank_low": rank,
        "rank_high": rank,
        "ci_low": value - 40,
        "ci_high": value + 40,
        "n_battles": 10,
        "wins": 5.0,
        "losses": 3.0,
        "ties": 2.0,
        "win_rate": 0.6,
    }
    return Rating(rank=rank, model=model, rating=value, **{**known, **more})  # type: ignore[arg-type]


def board(ratings: Iterable[Rating], n_battles: int = 10, **more: object) -> Leaderboard:
    """A Bradley-Terry board of `ratings`."""
    rows = list(ratings)
    known: dict[str, object] = {
        "method": "bradley-terry",
        "scale": 400.0,
        "base": 10.0,
        "anchor": None,
        "interval": Interval("sandwich", 0.95),
        "n_battles": n_battles,
        "n_failed": 0,
        "components": [[row.model for row in rows]],
        "warnings": [],
        "ratings": rows,
        "parameters": {"mean": 1000.0},
    }
    return Leaderboard(**{**known, **more})  # type: ignore[arg-type]


def failed_response(question: str, model: str, kind: FailureKind, message: str = "no answer") -> Response:
    """A call that brought no answer."""
    failure = Failure(kind=kind, message=message, status=None)
    return Response(key=f"{model}/{question}", question_id=question, model=model, failure=failure)


def response(question: str, model: str, text: str, **more: object) -> Response:
    """An answer."""
    known: dict[str, object] = {"tokens_in": 20, "tokens_out": len(text) // 4, "latency_ms": 840.0}
    return Response(
        key=f"{model}/{question}", question_id=question, model=model, text=text, **{**known, **more}
    )


def verdict(
    question: str,
    a: str,
    b: str,
    order: Order,
    winner: Winner | None,
    raw: str = "",
    judge: str = "Judge",
    **more: object,
) -> Verdict:
    """A judge's reply; without a winner, one that could not be read."""
    known: dict[str, object] = {}
    if winner is None:
        known["failure"] = Failure(kind=FailureKind.UNREADABLE, message="no label in the reply")
    return Verdict(
        key=f"{judge}/{question}/{a}/{b}/{order}",
        question_id=question,
        model_a=a,
        model_b=b,
        order=order,
        judge_model=judge,
        protocol="pairwise",
        winner=winner,
        raw=raw,
        **{**known, **more},
    )


@dataclass
class Sample:
    """A result folder in the making."""

    arena: str = "sample"
    responses: list[Response] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    battles: list[Battle] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    board: Leaderboard | None = None
    groups: dict[str, dict[str, Leaderboard]] = field(default_factory=dict)
    manifest: dict[str, object] = field(default_factory=dict)

    def models(self) -> list[str]:
        """By name."""
        return sorted({response.model for response in self.responses})

    def spend(self) -> tuple[Spend, ...]:
        """Counted from the rows; a dollar for every thousand tokens out."""
        rows: dict[tuple[str, str], list[Response | Verdict]] = {}
        for answer in self.responses:
            rows.setdefault((answer.model, "model"), []).append(answer)
        for reply in self.verdicts:
            rows.setdefault((reply.judge_model, "judge"), []).append(reply)
        return tuple(_spend(label, role, made) for (label, role), made in rows.items())

    def write(self, folder: Path) -> Path:
        """Write the files of a result folder."""
        folder.mkdir(parents=True, exist_ok=True)
        made = self.board or board([rating(m, n + 1) for n, m in enumerate(self.models())], len(self.battles))
        manifest = {
            "palestra": "0.1.0",
            "versions": {"python": "3.11.2", "numpy": "2.3.0"},
            "run_id": "20261122T144700Z-0a1b2c",
            "arena": self.arena,
            "seed": 7,
            "config_hash": "c0" * 32,
            "prompt_hash": "9f" * 32,
            "template_hashes": {"pairwise": "7e" * 32},
            "started": START,
            "finished": START + 754,
            "complete": True,
            "n_prompts": len({response.question_id for response in self.responses}),
            "n_matchups": len(self.battles),
            "n_battles": len(self.battles),
            "n_unjudged": 0,
            "spend": self.spend(),
            **self.manifest,
        }
        (folder / "manifest.json").write_text(Manifest.model_validate(manifest).model_dump_json(indent=1))
        config = {"arena": {"name": self.arena}, "models": [{"label": model} for model in self.models()]}
        (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
        (folder / "leaderboard.json").write_text(board_json(made, self.groups or None))
        rows: dict[str, Iterable[Record]] = {
            "responses": self.responses,
            "verdicts": self.verdicts,
            "battles": self.battles,
        }
        if self.prompts:
            rows["prompts"] = self.prompts
        for name, records in rows.items():
            text = "".join(f"{record.json_line()}\n" for record in records)
            (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
        return folder


def _spend(label: str, role: str, rows: list[Response | Verdict]) -> Spend:
    failed = Counter(row.failure.kind.value for row in rows if row.failure is not None)
    tokens = sum(row.tokens_out or 0 for row in rows)
    return Spend(
        label=label,
        role=role,
        endpoint_type="openai",
        calls=len(rows),
        ok=len(rows) - failed.total(),
        failed=dict(failed),
        tokens_in=sum(row.tokens_in or 0 for row in rows),
        tokens_out=tokens,
        cost_usd=tokens / 1000 if role == "model" else None,
        takes_seed=role == "model",
    )


def battle(question: str, a: Response, b: Response, winner: Winner, **more: object) -> Battle:
    """A battle of two answers, judged in both orders."""
    known: dict[str, object] = {
        "battle_id": f"{question}/{a.model}/{b.model}",
        "source": Source.JUDGE,
        "judge_model": "Judge",
        "order": Order.BOTH,
        "repeat": 0,
        "pref": winner.share,
        "prompt": f"What is {question}?",
    }
    return Battle(
        question_id=question,
        model_a=a.model,
        model_b=b.model,
        winner=winner,
        response_a=a.text,
        response_b=b.text,
        **{**known, **more},
    )


def arena(models: Iterable[str], n_prompts: int, arena: str = "sample", text: str = "") -> Sample:
    """A round robin in both orders. On prompt n the models take turns at winning, so nothing is random."""
    sample = Sample(arena=arena)
    names = list(models)
    subsets = ("maths", "law", "code")
    outcomes = itertools.cycle((Winner.A, Winner.A, Winner.B, Winner.TIE, Winner.BOTH_BAD))
    for number in range(n_prompts):
        question = f"q{number}"
        about = {"dataset": "arena", "subset": subsets[number % 3], "language": "en"}
        answers = [response(question, name, f"{name} on {question}. {text}") for name in names]
        sample.responses += answers
        for a, b in itertools.combinations(answers, 2):
            won = next(outcomes)
            for order in (Order.AB, Order.BA):
                raw = f"Order {order.value}: I compared both answers.\n[[verdict]]"
                sample.verdicts.append(verdict(question, a.model, b.model, order, won, raw))
            sample.battles.append(battle(question, a, b, won, **about))
    return sample


def read_data(html: str) -> dict[str, object]:
    """The battle data embedded in a report."""
    start = html.index('id="data">') + len('id="data">')
    return json.loads(html[start : html.index("</script>", start)])  # type: ignore[no-any-return]
