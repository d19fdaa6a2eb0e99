"""A placement whose candidate and judge are a real llama-server's models, killed once and resumed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.run.place.arenas import MODELS, battles, write_jsonl
from tests.support.cli import clean_environment, command, palestra, rows, write_config
from tests.support.recording_proxy import read_log, recording_proxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.llama import Llama

DRAWN = 10
CALLS = 2 * DRAWN
CONCURRENCY = 4


@pytest.mark.slow
def test_a_placement_killed_and_resumed_asks_only_for_what_is_missing(llama: Llama, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with recording_proxy(llama.url, log) as proxy:
        served = {"endpoint_type": "openai", "base_url": f"{proxy}/v1", "timeout": 60}
        config = write_config(
            tmp_path / "place.yaml",
            {
                "arena": {"name": "placed"},
                "models": [{**served, "label": "new", "model": llama.answers[0], "max_tokens": 20}],
                "judges": [{**served, "label": "judge", "model": llama.judge, "protocol": "pairwise"}],
                "schedule": {
                    "kind": "place",
                    "into": str(write_jsonl(tmp_path / "arena.jsonl", battles(200))),
                    "swap": "once",
                },
                "place": {"battles": DRAWN, "min_battles": 10, "max_turns": 1},
                "ranking": {"rounds": 20},
                "concurrency": CONCURRENCY,
            },
        )
        process = subprocess.Popen(
            command("place", "--config", config, "-q"), cwd=tmp_path, env=clean_environment()
        )
        deadline = time.monotonic() + 60
        while len(read_log(log)) < DRAWN and time.monotonic() < deadline:
            assert process.poll() is None, "the placement ended before it was killed"
            time.sleep(0.01)
        process.kill()
        process.wait()
        kept, before = _paid(tmp_path / "palestra.db"), len(read_log(log))
        assert 0 < kept < CALLS
        assert before - kept <= CONCURRENCY, "only calls under way are lost"

        said = palestra("place", "--config", config, "-q", cwd=tmp_path).stdout
        asked = len(read_log(log)) - before
        assert CALLS - kept <= asked <= CALLS - kept + _unreadable(tmp_path / "runs" / "placed")
        palestra("place", "--config", config, "-q", "--no-retry-failed", cwd=tmp_path)
        assert len(read_log(log)) == before + asked, "a finished placement asks for nothing"
    assert "← placed" in said
    found = json.loads((tmp_path / "runs" / "placed" / "elo_ratings.json").read_text())
    assert {row["model"]: row["source"] for row in found["ratings"]} == {
        **dict.fromkeys(MODELS, "human"),
        "new": "evaluated",
    }


def _paid(database: Path) -> int:
    """Stored answers of the new model and verdicts."""
    with closing(sqlite3.connect(database)) as connection:
        verdicts = connection.execute("SELECT count(*) FROM verdicts").fetchone()[0]
        answers = connection.execute("SELECT count(*) FROM responses WHERE model = 'new'").fetchone()[0]
    return int(verdicts) + int(answers)


def _unreadable(folder: Path) -> int:
    """Verdicts that took a second call, or might have."""
    return sum(row["failure"] is not None for row in rows(folder / "verdicts.jsonl"))
