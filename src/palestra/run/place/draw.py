"""Which human battles are drawn, and their texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from palestra.errors import DataError, nearest
from palestra.interchange.battle_query import Unreadable, first_line
from palestra.interchange.battle_reader import read_battles
from palestra.records.keys import digest
from palestra.records.winner import Winner
from palestra.run.place.arena import ALSO, HUMAN, ID, draw_key
from palestra.run.place.talk import answers_of, prompt_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.schema import Place
    from palestra.interchange.battle_query import View
    from palestra.ranking.arrays import Ints
    from palestra.records.prompt import Prompt
    from palestra.run.place.arena import Arena

_MORE = ("dataset", "subset", "category")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A human battle that was drawn, with its texts."""

    prompt: Prompt
    model_a: str
    model_b: str
    winner: Winner
    said_a: tuple[str, ...]
    """What model A said, turn by turn."""
    said_b: tuple[str, ...]
    cluster: int
    places: bool
    """Whether the new model answers its prompt."""
    calibrates: bool
    """Whether the judge decides it, too."""

    def opponent(self, seed: int) -> str:
        """Whom the new model meets: one of the two, by a fair coin that does not depend on who was A."""
        first, second = sorted((self.model_a, self.model_b))
        coin = int(digest(["opponent", seed, self.prompt.question_id, first, second])[:8], 16) & 1
        return second if coin else first


@dataclass(slots=True)
class Draw:
    """The drawn battles, in the order of drawing."""

    battles: list[Drawn] = field(default_factory=list)
    n_misfit: int = 0
    """Battles that were drawn and left out: blank, or their answers do not fit their prompt's turns."""


def draw(arena: Arena, place: Place, seed: int) -> Draw:
    """Draw battles to place on and battles to calibrate on.

    All battles that meet the limits stand in a random order, by the seed; those that calibrate are the first
    of them without a tie, so they are the drawn ones as far as those go. A larger draw with the same seed
    holds the smaller one.

    Raises:
        DataError: no battle meets the limits, or none has texts.
    """
    order = _in_order(arena, place)
    n_places = place.battles or order.size
    tied = arena.rows.share[order] == 0.5
    calibrating = order[~tied][: place.calibrate]
    wanted = {int(index): [True, False] for index in order[:n_places]}
    for index in calibrating.tolist():
        wanted.setdefault(index, [False, False])[1] = True
    found = _texts(arena, {arena.draws[index] for index in wanted}, seed)
    drawn = Draw()
    texts: dict[tuple[str, str], tuple[str, ...]] = {}
    for index in order.tolist():
        if index not in wanted:
            continue
        battle = _battle(found[arena.draws[index]], int(_cluster(arena)[index]), *wanted[index])
        if battle is None or not _agrees(battle, texts):
            drawn.n_misfit += 1
            continue
        drawn.battles.append(battle)
    if not any(battle.places for battle in drawn.battles):
        raise DataError(
            "no drawn battle has a prompt with two answers that fit it", path=", ".join(arena.files)
        )
    return drawn


def _cluster(arena: Arena) -> Ints:
    assert arena.rows.cluster is not None
    return arena.rows.cluster


def _in_order(arena: Arena, place: Place) -> Ints:
    """The battles that meet the limits, in the order of drawing."""
    path = ", ".join(arena.files)
    if not arena.usable.any():
        raise DataError(
            "no battle has a prompt and both answers",
            path=path,
            hint="a placement needs the columns prompt, response_a and response_b",
        )
    keep = arena.usable.astype(bool)
    if place.max_prompt_chars is not None:
        keep &= arena.prompt_chars <= place.max_prompt_chars
    if place.max_turns is not None:
        keep &= arena.turns <= place.max_turns
    if place.languages:
        known = {value for value in arena.languages.tolist() if value is not None}
        for language in place.languages:
            if language not in known:
                raise DataError(
                    f"no battle is in the language {language!r}", path=path, hint=nearest(language, known)
                )
        keep &= np.isin(arena.languages.astype(str), place.languages)
    chosen = np.flatnonzero(keep)
    if not chosen.size:
        raise DataError("no battle meets the limits of the draw", path=path, key="place")
    keys = arena.draws[chosen].tolist()
    ordered = chosen[sorted(range(chosen.size), key=keys.__getitem__)]
    _, first = np.unique(arena.draws[ordered].astype(str), return_index=True)
    ordered = ordered[np.sort(first)]
    return ordered if place.per_language is None else _per_language(arena, ordered, place.per_language)


def _per_language(arena: Arena, ordered: Ints, most: int) -> Ints:
    met: dict[Any, int] = {}
    kept = []
    for index in ordered.tolist():
        language = arena.languages[index]
        met[language] = met.get(language, 0) + 1
        if met[language] <= most:
            kept.append(index)
    return np.array(kept, dtype=np.int64)


def _texts(arena: Arena, keys: set[str], seed: int) -> dict[str, dict[str, Any]]:
    """The drawn rows, by what they were drawn by."""
    listed = ", ".join(f"'{key}'" for key in sorted(keys))  # a join would have the whole arena in memory
    columns = ("model_a", "model_b", "winner", "language", "prompt", "response_a", "response_b", *_MORE)

    def read(view: View) -> list[dict[str, Any]]:
        found = view._relation().filter(f"{draw_key(seed)} IN ({listed})")
        asked = found.project(f"{draw_key(seed)} AS draw, {ID} AS id, {', '.join(columns)}")
        try:
            return [dict(zip(asked.columns, row, strict=True)) for row in asked.fetchall()]
        except duckdb.Error as error:
            raise Unreadable(first_line(error)) from None

    parts, _ = read_battles(list(arena.files), read, filter=HUMAN, also=(*ALSO, *_MORE))
    return {row["draw"]: row for part in parts for row in part}


def _battle(row: dict[str, Any], cluster: int, places: bool, calibrates: bool) -> Drawn | None:
    facts = {name: row[name] for name in ("language", *_MORE)}
    prompt = prompt_of(row["prompt"], row["id"], **facts)
    if prompt is None:
        return None
    said_a, said_b = answers_of(row["response_a"], prompt), answers_of(row["response_b"], prompt)
    if said_a is None or said_b is None:
        return None
    winner = Winner.parse(row["winner"])
    return Drawn(prompt, row["model_a"], row["model_b"], winner, said_a, said_b, cluster, places, calibrates)


def _agrees(battle: Drawn, texts: dict[tuple[str, str], tuple[str, ...]]) -> bool:
    """Whether both models said on this prompt what other drawn battles on it have them say."""
    said = (
        ((battle.prompt.question_id, battle.model_a), battle.said_a),
        ((battle.prompt.question_id, battle.model_b), battle.said_b),
    )
    if any(texts.get(key, text) != text for key, text in said):
        return False
    texts.update(said)
    return True


def models_in(battles: Sequence[Drawn], seed: int) -> list[str]:
    """The arena's models that the judge sees, sorted."""
    met = {battle.opponent(seed) for battle in battles if battle.places}
    met |= {name for battle in battles if battle.calibrates for name in (battle.model_a, battle.model_b)}
    return sorted(met)
