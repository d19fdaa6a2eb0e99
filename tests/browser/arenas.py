"""Arenas for the browser: puppets, and a stocked one whose every page has something to show."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.server.boards.making import battles
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.store.arena_battles import BattleTable
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

KEY = "admin-key"
ANSWER = """## A heading

Some **bold** words, `code` and a [link](https://example.org/page), with a formula $x^2 + y_1$ inside.

| name | value |
| --- | ---: |
| one | 1 |
| two | 2 |

```python
def square(x: int) -> int:
    return x * x
```

1. first
2. second

$$\\int_0^1 x\\,dx = \\frac12$$

> a quotation

שלום עולם, a text from right to left."""


def pieces(text: str, size: int = 9) -> list[str]:
    """A text as a model says it, some characters at a time."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def say(name: str, **more: Any) -> Puppet:
    """A puppet whose answer tells it from the others, without its name."""
    return Puppet(name, pieces(f"These are the words of {name[::-1]}, and that is all."), **more)


@contextmanager
def playing(folder: Path, puppets: Sequence[Puppet], *, port: int = 0, **options: Any) -> Iterator[str]:
    """The address of an arena of puppets."""
    with serve(arena(folder, puppets, key=KEY, **options), port) as url:
        yield url


@dataclass(frozen=True)
class Stocked:
    """An arena with a history."""

    url: str
    battle: str
    """The id of a battle that was voted on in the arena."""
    shared: str
    """The path of the same battle's shared page."""


@contextmanager
def stocked(folder: Path) -> Iterator[Stocked]:
    """An arena of five models, 300 battles by people and judges, and one that was played here."""
    names = ("ant-1B", "bee-3B", "cat-8B", "dog-13B", "eel-70B")
    with Database(folder / "arena.db") as database:
        BattleTable(database).insert(battles(300))
    with playing(folder, [Puppet(name, pieces(ANSWER), thinking="Let me see.") for name in names]) as url:
        with Visitor(url) as visitor:
            reveal = visitor.vote(visitor.played("What is a square?"), "a").json()
            found = visitor.get("/api/battles", params={"q": "What is a square?"}).json()["items"]
        yield Stocked(url, found[0]["battle_id"], reveal["share"])
