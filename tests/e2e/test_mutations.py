"""However a valid file of any kind is damaged, what reads it ends soon: in a result or an error of ours.

The numbers of examples add up to 2,400.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.e2e.malformed import ANSWERS, BATTLES, CONFIG, PROMPTS, VERDICT, jsonl, lay_out, parquet
from tests.report.sample import arena
from tests.support.mutations import EDITS, altered, edited, within

from palestra.config.flags import Flags
from palestra.config.load import load_config
from palestra.config.schema import PromptSource
from palestra.errors import ConfigError, DataError, EndpointError, PalestraError
from palestra.interchange.rank import rank
from palestra.judges.recorded import RecordedJudge
from palestra.models.answers import read_answers
from palestra.prompts.load import load_prompts
from palestra.records.prompt import Message, Prompt
from palestra.report.html import write_report
from palestra.run.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 5.0
"""For one file; each takes a few milliseconds."""

FULL_CONFIG = (
    CONFIG
    + """\
  - {path: prompts.jsonl, field: query, limit: 2, sample: 1, dataset: more, subset: x}
panel: majority
schedule: {kind: sampled, per_pair: 2, swap: both-keep, repeats: 2}
ranking: {method: elo, ci: bootstrap, rounds: 10, anchor: {One: 1000}, k: 4, start: 1000}
serve: {host: 127.0.0.1, port: 8000, example_prompts: [x]}
seed: 7
concurrency: 4
"""
)
POTATO = """\
annotation_task_name: Essays
port: 9001
arena:
  enabled: true
  models:
    - {label: A, endpoint_type: vllm, model: a, temperature: 0.2, base_url: "http://h:1/v1"}
    - endpoint_type: ollama_vision
      ai_config: {model: llava, max_tokens: 300, timeout: 20, think: false}
      base_url: http://gpu:11434
"""
OPENARENA = """\
default_endpoint: {url: "http://localhost:11434/v1/chat/completions", api_key: ollama}
judge_model: {name: J, model_id: j, endpoint: {url: "http://h/v1/chat/completions", api_key: k}}
models:
  - {name: a, model_id: b}
  - {name: c, model_id: d, endpoint: {url: "http://h/v1/chat/completions", api_key: "${KEY}"}}
datasets:
  - {name: some/set, description: x, split: train, field: instruction, limit: 3}
"""
CONFIGS = {"palestra": (FULL_CONFIG, 300), "potato": (POTATO, 200), "openarena": (OPENARENA, 200)}

RICH_PROMPTS: list[dict[str, Any]] = [
    *PROMPTS,
    {"id": "3", "messages": [{"role": "user", "content": "é"}], "category": "x"},
    {"question_id": 4, "turns": ["One\nline", "Two"], "reference": ["a", "b"], "language": "en"},
]
RICH_ANSWERS: list[dict[str, Any]] = [
    *ANSWERS,
    {"question_id": "3", "model": "One", "response": [{"role": "assistant", "content": "é"}], "tokens_in": 3},
    {"prompt": "Who?", "model": "One", "output": "I.", "repeat": 1, "latency_ms": 1.5, "thinking": "Hm"},
    {"question_id": "5", "model": "One", "text": None, "failure": {"kind": "timeout", "message": "m"}},
]
RICH_VERDICTS: list[dict[str, Any]] = [
    VERDICT | {"order": "ab", "repeat": 0, "judge_model": "J", "pref": 1.0, "tokens_in": 3},
    VERDICT | {"question_id": "2", "winner": None, "label": "A>>B", "explanation": "é", "judge_model": "J"},
    VERDICT | {"question_id": "3", "winner": None, "score_a": 7, "score_b": 2.5, "judge_model": "J"},
    VERDICT | {"question_id": "4", "winner": None, "failure": {"kind": "timeout", "message": "m"}},
]
RICH_BATTLES: list[dict[str, Any]] = [
    {"question_id": "1", **BATTLES[0], "weight": 2.0, "soft": False, "pref": 1.0, "category": "é"},
    {"question_id": "2", **BATTLES[1], "weight": 1.0, "soft": True, "pref": 0.25, "category": "b"},
    {"question_id": "3", "model_a": "Three", "model_b": "One", "winner": "tie (bothbad)", "weight": 0.5},
    {"question_id": "4", "model_a": "Three", "model_b": "Two", "winner": "model_b", "category": "b"},
]


def examples(number: int) -> settings:
    """So many, with our own guard against hangs."""
    return settings(
        max_examples=number,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def to_csv(rows: list[dict[str, Any]]) -> bytes:
    """Rows as CSV, lists and objects as JSON text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(
        {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in r.items()} for r in rows
    )
    return text.getvalue().encode("utf-8", "surrogatepass")


def to_parquet(rows: list[dict[str, Any]]) -> bytes:
    """Rows as Parquet; columns whose values have no common type as JSON text."""
    try:
        return parquet(rows)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        keys = dict.fromkeys(key for row in rows for key in row)
        return parquet([{key: json.dumps(row.get(key)) for key in keys} for row in rows])


FORMATS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "jsonl": lambda rows: jsonl(*rows).encode(),
    "csv": to_csv,
    "parquet": to_parquet,
}


@st.composite
def damaged(draw: st.DrawFn, rows: list[dict[str, Any]], kind: str) -> bytes:
    """A file of rows, damaged in its values or in its bytes."""
    if draw(st.booleans()):
        return edited(FORMATS[kind](rows), draw(EDITS))
    other = (
        [row for row in draw(altered(rows)) if isinstance(row, dict)]
        if kind != "jsonl"
        else draw(altered(rows))
    )
    return FORMATS[kind](other)


def ends_soon(call: Callable[[], object], allowed: tuple[type[PalestraError], ...], place: str) -> None:
    """The call gives a result, or an allowed error that names the place."""
    told: PalestraError | None = None
    try:
        with within(SECONDS):
            call()
    except allowed as error:
        told = error
    assert told is None or (told.message and place in str(told) and len(str(told)) < 13_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mutations")
    lay_out(made, {})
    return made


def config_bytes(text: str) -> st.SearchStrategy[bytes]:
    """A config, damaged in its text or in its values."""
    written = altered(yaml.safe_load(text)).map(lambda data: yaml.safe_dump(data, sort_keys=False).encode())
    return EDITS.map(lambda edits: edited(text.encode(), edits)) | written


@pytest.mark.parametrize("kind", CONFIGS)
def test_configs(kind: str, folder: Path) -> None:
    text, number = CONFIGS[kind]
    path = folder / f"{kind}.yaml"
    flags = Flags(
        judges=("metric:exact",) if kind == "potato" else (),
        prompts=() if kind == "palestra" else (str(folder / "prompts.jsonl"),),
    )

    async def plan() -> None:
        loaded = load_config(path, flags=flags, env={}, cwd=folder)
        made = make_plan(loaded.config, folder, {"KEY": "k"})
        made.calls()
        for part in made.parts:
            await part.aclose()

    @examples(number)
    @given(config_bytes(text))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        ends_soon(lambda: asyncio.run(plan()), (ConfigError, DataError, EndpointError), "")

    check()


@pytest.mark.parametrize("kind", FORMATS)
def test_prompts(kind: str, folder: Path) -> None:
    path = folder / f"p.{kind}"

    @examples(150)
    @given(damaged(RICH_PROMPTS if kind != "parquet" else PROMPTS, kind))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        source = PromptSource(path=path)
        ends_soon(lambda: load_prompts([source], seed=0, base_dir=folder), (DataError,), path.name)

    check()


@pytest.mark.parametrize("method", ["bradley-terry", "elo", "win-rate"])
@pytest.mark.parametrize("kind", FORMATS)
def test_battles(kind: str, method: Any, folder: Path) -> None:
    path = folder / f"b.{kind}"

    @examples(80)
    @given(damaged(RICH_BATTLES, kind))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        ends_soon(lambda: rank(path, method=method, by="category"), (DataError,), path.name)

    check()


@examples(150)
@given(content=damaged(RICH_ANSWERS, "jsonl"))
def test_recorded_answers(content: bytes, folder: Path) -> None:
    path = folder / "a.jsonl"
    path.write_bytes(content)
    ends_soon(lambda: read_answers(path, "One", strict=False), (DataError,), path.name)


@examples(150)
@given(content=damaged(RICH_VERDICTS, "jsonl"))
def test_recorded_verdicts(content: bytes, folder: Path) -> None:
    path = folder / "v.jsonl"
    path.write_bytes(content)
    ends_soon(lambda: RecordedJudge.read(path, label="J"), (DataError,), path.name)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = arena(["One", "Two", "é"], 2)
    made.prompts = [
        Prompt(question_id="q0", messages=(Message(role="user", content="Why?"),), reference="42")
    ]
    return made.write(tmp_path_factory.mktemp("runs") / "run")


@examples(230)
@given(data=st.data())
def test_run_folders(data: st.DataObject, run_folder: Path) -> None:
    path = data.draw(st.sampled_from(sorted(p for p in run_folder.iterdir() if p.suffix != ".html")))
    whole = path.read_bytes()
    content = edited(whole, data.draw(EDITS))
    if path.suffix in (".json", ".jsonl") and data.draw(st.booleans()):
        rows = (
            [json.loads(line) for line in whole.splitlines()]
            if path.suffix == ".jsonl"
            else [json.loads(whole)]
        )
        content = jsonl(*data.draw(altered(rows))).encode()
    path.write_bytes(content)
    try:
        ends_soon(lambda: write_report(run_folder), (DataError,), str(run_folder))
        ends_soon(lambda: rank(run_folder), (DataError,), str(run_folder))
    finally:
        path.write_bytes(whole)


def test_the_files_are_valid_before(folder: Path, run_folder: Path) -> None:
    """Else their damage would say little."""
    for kind, write in FORMATS.items():
        (folder / f"p.{kind}").write_bytes(write(PROMPTS if kind == "parquet" else RICH_PROMPTS))
        (folder / f"b.{kind}").write_bytes(write(RICH_BATTLES))
        assert len(load_prompts([PromptSource(path=folder / f"p.{kind}")], seed=0, base_dir=folder)) >= 2
        assert rank(folder / f"b.{kind}").n_battles == 4
    (folder / "a.jsonl").write_bytes(FORMATS["jsonl"](RICH_ANSWERS))
    (folder / "v.jsonl").write_bytes(FORMATS["jsonl"](RICH_VERDICTS))
    read_answers(folder / "a.jsonl", "One", strict=True)
    RecordedJudge.read(folder / "v.jsonl", label="J")
    assert write_report(run_folder).stat().st_size > 1000
    for kind, (text, _) in CONFIGS.items():
        (folder / f"{kind}.yaml").write_text(text, encoding="utf-8")
        assert load_config(folder / f"{kind}.yaml", env={}).shape == kind
