"""An arena that works, and what is wrong with each of many others that differ from it in one thing."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Content = str | bytes | Callable[[Path], None] | None
    """Of a file; a function makes what is to stand at its path; None takes a file out of the arena."""

CONFIG = """\
arena: {name: trial}
models:
  - {label: One, endpoint_type: recorded, path: answers.jsonl}
  - {label: Two, endpoint_type: recorded, path: answers.jsonl}
judges:
  - {label: Judge, metric: exact}
prompts:
  - {path: prompts.jsonl}
"""
PROMPTS: list[dict[str, Any]] = [
    {"id": "1", "query": "Why?", "response": "Because."},
    {"id": "2", "query": "How?", "response": "So."},
]
ANSWERS: list[dict[str, Any]] = [
    {"question_id": "1", "model": "One", "response": "Because."},
    {"question_id": "2", "model": "One", "response": "So."},
    {"question_id": "1", "model": "Two", "response": "No."},
    {"question_id": "2", "model": "Two", "response": "So."},
]
BATTLES: list[dict[str, Any]] = [
    {"model_a": "One", "model_b": "Two", "winner": "model_a"},
    {"model_a": "One", "model_b": "Two", "winner": "tie"},
]
VERDICT: dict[str, Any] = {"question_id": "1", **BATTLES[0]}


def jsonl(*rows: Any) -> str:
    """Rows as JSONL."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """Rows as Parquet."""
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return bytes(buffer.getvalue().to_pybytes())


def a_folder(path: Path) -> None:
    path.mkdir()


def closed(text: str) -> Callable[[Path], None]:
    """A file that nobody may read."""

    def make(path: Path) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0)

    return make


def closed_folder(path: Path) -> None:
    path.mkdir(mode=0o500)


def shut(path: Path) -> None:
    """A folder, perhaps made already, that nobody may enter or list."""
    path.mkdir(exist_ok=True)
    path.chmod(0)


def within_shut(text: str) -> Callable[[Path], None]:
    """A file whose folder nobody may enter or list."""

    def make(path: Path) -> None:
        path.write_text(text, encoding="utf-8")
        path.parent.chmod(0)

    return make


def newer_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.commit()


GOOD: Mapping[str, Content] = {
    "arena.yaml": CONFIG,
    "prompts.jsonl": jsonl(*PROMPTS),
    "answers.jsonl": jsonl(*ANSWERS),
    "battles.jsonl": jsonl(*BATTLES),
}


def lay_out(folder: Path, files: Mapping[str, Content]) -> None:
    """Write the good arena with `files` in place of its own."""
    for name, content in {**GOOD, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(path)
        elif content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)


@dataclass(frozen=True)
class Case:
    """A command that must fail, and how."""

    arguments: str
    """After `palestra`, split at spaces."""
    code: int
    place: str
    """How the message begins; `{here}` is the folder."""
    says: str
    """What else is in it."""
    files: Mapping[str, Content] = field(default_factory=dict)


def config(place: str, says: str, text: str | bytes, arguments: str = "run arena.yaml") -> Case:
    """A config that cannot be used."""
    return Case(arguments, 3, f"arena.yaml{place}: ", says, {"arena.yaml": text})


def changed(old: str, new: str) -> str:
    """The good config with one thing changed."""
    assert CONFIG.count(old) == 1
    return CONFIG.replace(old, new)


def prompts(place: str, says: str, content: Content, name: str = "prompts.jsonl", more: str = "") -> Case:
    """A prompt file that cannot be used. `more` settings stand beside its path."""
    text = changed("{path: prompts.jsonl}", f"{{path: {name}{more}}}")
    return Case("run arena.yaml", 4, f"{{here}}/{name}{place}: ", says, {"arena.yaml": text, name: content})


def answers(place: str, says: str, content: Content) -> Case:
    """Recorded answers that cannot be used."""
    return Case("run arena.yaml", 4, f"{{here}}/answers.jsonl{place}: ", says, {"answers.jsonl": content})


def verdicts(place: str, says: str, content: Content) -> Case:
    """Recorded verdicts that cannot be used."""
    files = {"arena.yaml": changed("metric: exact", "path: verdicts.jsonl"), "verdicts.jsonl": content}
    return Case("run arena.yaml", 4, f"{{here}}/verdicts.jsonl{place}: ", says, files)


def template(place: str, says: str, content: Content) -> Case:
    """A judge's template that cannot be used."""
    asked = changed("metric: exact", "endpoint_type: vllm, model: m, template: judge.txt")
    files = {"arena.yaml": asked, "judge.txt": content}
    return Case("run arena.yaml", 3, f"{{here}}/judge.txt{place}: ", says, files)


def battles(place: str, says: str, content: Content, name: str = "battles.jsonl", more: str = "") -> Case:
    """A file of battles that cannot be used."""
    return Case(f"rank {name}{more}", 4, f"{name}{place}: ", says, {name: content})


def usage(arguments: str, place: str, says: str) -> Case:
    """A command line that makes no sense."""
    return Case(arguments, 2, place, says)


def database(arguments: str, place: str, says: str, files: Mapping[str, Content] | None = None) -> Case:
    """A database that cannot be used."""
    return Case(f"run arena.yaml{arguments}", 7, place, says, files or {})


WITHOUT_KEY = changed("metric: exact", "endpoint_type: openai, model: gpt-4o")
TWO = "  - {label: Two, endpoint_type: recorded, path: answers.jsonl}\n"
CUT_OFF = gzip.compress(jsonl(*PROMPTS).encode(), mtime=0)[:-12]
