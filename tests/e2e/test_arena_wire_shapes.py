"""The web arena in front of a real llama-server: four models, each through another wire shape."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.server.visitor import Visitor, texts
from tests.support.cli import write_config
from tests.support.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.llama import Llama

WIRES = ("openai", "anthropic", "gemini", "ollama")
BATTLES = 24


def arena_config(llama: Llama, fronts: str) -> dict[str, Any]:
    address = {"openai": llama.openai_url, "anthropic": llama.url, "gemini": fronts, "ollama": fronts}
    models = [
        {
            "label": f"via-{wire}",
            "endpoint_type": wire,
            "model": name,
            "base_url": address[wire],
            "max_tokens": 24,
        }
        for wire, name in zip(WIRES, llama.answers, strict=True)
    ]
    return {
        "arena": {"name": "wires"},
        "models": models,
        "serve": {"example_prompts": ["What is a river?"], "battles_per_minute": 0, "votes_per_minute": 0},
    }


@pytest.mark.slow
def test_battles_stream_through_every_wire_shape(llama: Llama, fronts: str, tmp_path: Path) -> None:
    """Every answer comes in pieces and whole, every vote counts once, and the board follows."""
    config = write_config(tmp_path / "arena.yaml", arena_config(llama, fronts))
    met: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    with serving(tmp_path, config) as server, Visitor(server.url) as visitor:
        prompt = visitor.get("/api/prompts/random").json()["prompt"]
        for number in range(BATTLES):
            made = visitor.begin(f"{prompt} ({number})")
            events = visitor.events(made["id"])
            shown = texts(events)
            assert all(text.strip() for text in shown.values()), shown
            played = visitor.matchup(made["id"])
            assert {a["slot"]: a["text"] for a in played["turns"][0]["answers"]} == shown
            reply = visitor.vote(played, ("a", "b", "tie", "both_bad")[number % 4])
            assert reply.status_code == 200, reply.text
            label = {model["slot"]: model["label"] for model in reply.json()["models"]}
            met.update(label.values())
            for name, data in events:
                if name == "delta":
                    pieces.update(label[delta["slot"]] for delta in data["deltas"] if delta.get("text"))
        board = visitor.get("/api/leaderboard").json()
    assert set(met) == {f"via-{wire}" for wire in WIRES}
    assert set(pieces) == set(met), "each model's answers came in pieces"
    assert board["n_battles"] == BATTLES
    assert {row["model"]: row["n_battles"] for row in board["rows"]} == dict(met)
    assert sum(row["both_bad"] for row in board["rows"]) == 2 * BATTLES // 4
