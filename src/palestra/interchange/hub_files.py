"""What of a folder goes to the Hugging Face hub, and whether a secret is among it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.errors import DataError
from palestra.interchange.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

_DATA = (".arrow", ".csv", ".gz", ".json", ".jsonl", ".parquet", ".tsv")
_TEXTS = (".html", ".md", ".txt", ".yaml", ".yml")
_PICTURES = (".png", ".svg")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
_SHORTEST = 12
"""Characters of a variable's value that is looked for as a secret; shorter ones are found in any text."""
_CHUNK = 1 << 20
_OVERLAP = 512
_FORMS = (
    ("an API key", rb"sk-[A-Za-z0-9_-]{24,}"),
    ("an API key", rb"gsk_[A-Za-z0-9]{32,}"),
    ("an API key", rb"AIza[A-Za-z0-9_-]{35}"),
    ("a Hugging Face token", rb"hf_[A-Za-z0-9]{30,}"),
    ("a GitHub token", rb"gh[opsu]_[A-Za-z0-9]{36}"),
    ("a GitHub token", rb"github_pat_[A-Za-z0-9_]{40,}"),
    ("an AWS key", rb"AKIA[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("an AWS key", rb"ASIA[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("a Slack token", rb"xox[abprs]-[A-Za-z0-9-]{20,}"),
    ("a private key", rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
)
_KINDS = tuple((kind, re.compile(form)) for kind, form in _FORMS)
"""Each begins with letters of its own, so that looking for it is quick; a word's end is no beginning."""
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file that is to be sent."""

    path: Path
    name: str
    """Where it will be, with slashes."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What looks like a secret in a file. Its text is not kept."""

    name: str
    line: int
    """1-based; of a Parquet file, the row."""
    kind: str
    own: bool
    """Whether it is the value of a variable of this environment, not only of such a form."""

    def __str__(self) -> str:
        return f"{self.name}:{self.line}: {self.kind}"


def hub_files(folder: Path, *, only: Collection[str] | None = None) -> list[HubFile]:
    """The files of a folder that may go to the hub, by name.

    `only`: these names at the top, as in a result folder, where nothing else is a result. Otherwise every
    file below that is data, text or a picture by its ending. Hidden files and folders (`.env`,
    `.previous/`), databases, admin keys and links stay.

    Raises:
        DataError: there is no such folder, it cannot be read, or nothing in it can go.
    """
    if not folder.is_dir():
        raise DataError("not a folder" if folder.exists() else "no such folder", path=folder)
    try:
        found = [
            HubFile(path, path.relative_to(folder).as_posix(), path.stat().st_size)
            for path in sorted(folder.rglob("*"))
            if _may_go(path, folder) and (only is None or path.relative_to(folder).as_posix() in only)
        ]
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=folder) from None
    if not found:
        raise DataError("holds nothing to upload: no data, text or picture", path=folder)
    return found


def _may_go(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    if any(part.startswith((".", "__")) for part in parts) or path.is_symlink() or not path.is_file():
        return False
    return path.suffix.lower() in (*_DATA, *_TEXTS, *_PICTURES) and "admin-key" not in path.name


def own_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the environment's variables that are named like secrets."""
    values = {value.strip() for name, value in env.items() if _SECRET_NAME.search(name)}
    return tuple(sorted(value for value in values if len(value) >= _SHORTEST and "/" not in value[:1]))


def find_secrets(files: Collection[HubFile], own: Collection[str], *, most: int = 20) -> list[Finding]:
    """What looks like a secret, at most so many; `own` are secrets that are known.

    Raises:
        DataError: a file cannot be read.
    """
    known = [secret.encode() for secret in own]
    found: list[Finding] = []
    for file in files:
        for line, text in _texts(file):
            found += _in_text(file.name, line, text, known)
            if len(found) >= most:
                return found[:most]
    return found


def _texts(file: HubFile) -> Iterator[tuple[int, bytes]]:
    """(line, text), of a Parquet file row by row, of any other in pieces that overlap."""
    if file.path.suffix.lower() == ".parquet":
        for row in read_rows(file.path):
            yield row.line, json.dumps(row.data, ensure_ascii=False, default=str).encode()
        return
    try:
        with file.path.open("rb") as source:
            rest, line = b"", 1
            while chunk := source.read(_CHUNK):
                text = rest + chunk
                yield line, text
                rest = text[-_OVERLAP:]
                line += text.count(b"\n") - rest.count(b"\n")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=file.path) from None


def _in_text(name: str, line: int, text: bytes, known: Sequence[bytes]) -> Iterator[Finding]:
    for secret in known:
        if (start := text.find(secret)) >= 0:
            at = line + text.count(b"\n", 0, start)
            yield Finding(name, at, "a secret of this environment", own=True)
            return
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            start = match.start()
            if start == 0 or text[start - 1] not in _WORD:
                yield Finding(name, line + text.count(b"\n", 0, start), kind, own=False)
                break
