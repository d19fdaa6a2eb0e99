"""Verdicts and votes on the same two answers, brought together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.agreement.ballots import Ballots, Matchups
from palestra.errors import DataError

if TYPE_CHECKING:
    from palestra.interchange.agree_rows import Read, Texts
    from palestra.interchange.agree_sources import JoinOn
    from palestra.ranking.arrays import Bools, Floats, Ints

_WORDS = {"question_id": "question_id", "prompt": "the text of their prompts"}


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """All matchups that a judge was asked about, and the votes on them."""

    on: JoinOn
    matchups: Matchups
    models: tuple[str, ...]
    categories: tuple[str, ...]
    n_prompts: int
    judged: Ballots
    """The verdicts kept; `rater` is -1."""
    judged_rows: Ints
    """Which rows of the verdicts read they are."""
    people: Ballots
    """The votes on these matchups."""
    n_without_prompt: int
    """Rows of either kind that do not say which prompt they are about, or let a model meet itself."""
    n_elsewhere: int
    """Votes on matchups that no judge was asked about."""


def join(judged: Read, people: Read, on: JoinOn | None = None) -> Joined:
    """Join on the prompt and the two models, whoever of them is A.

    `on`: `question_id` or `prompt`, the text of the prompt; by default the first of these by which some
    verdict and some vote are about the same prompt.

    Raises:
        DataError: no verdict and vote are about the same prompt and models.
    """
    on = on or _choose(judged, people)
    prompts = sorted(set(_key(judged, on).tolist()) - {None})
    models = sorted({*judged.model_a.tolist(), *judged.model_b.tolist()})
    ours, keep = _cells(judged, _key(judged, on), prompts, models)
    if not keep.any():
        raise _apart(judged, people, on)
    cells, matchup = np.unique(ours[keep], return_inverse=True)
    theirs, usable = _cells(people, _key(people, on), prompts, models)
    place = np.searchsorted(cells, theirs).clip(0, cells.size - 1)
    met = usable & (cells[place] == theirs)
    if not met.any():
        raise _apart(judged, people, on)
    rows = np.flatnonzero(keep)
    side_by_side = [(judged, rows, matchup), (people, np.flatnonzero(met), place[met])]
    categories = sorted({*judged.category[rows].tolist(), *people.category[met].tolist()} - {None})
    base = len(models)
    matchups = Matchups(
        prompt=cells // (base * base),
        x=cells // base % base,
        y=cells % base,
        category=_categories(side_by_side, categories, cells.size),
        **_lengths(side_by_side, cells.size),
    )
    lost = int((~keep).sum()) + int(_unusable(people, on).sum())
    voters = _voters(people.rater, np.flatnonzero(met))
    return Joined(
        on,
        matchups,
        tuple(models),
        tuple(categories),
        len(prompts),
        _ballots(judged, rows, matchup, np.full(rows.size, -1)),
        rows,
        _ballots(people, np.flatnonzero(met), place[met], voters),
        lost,
        people.size - int(met.sum()) - int(_unusable(people, on).sum()),
    )


def _key(read: Read, on: JoinOn) -> Texts:
    return read.question if on == "question_id" else read.text


def _choose(judged: Read, people: Read) -> JoinOn:
    for on in ("question_id", "prompt"):
        shared = set(_key(judged, on).tolist()) & set(_key(people, on).tolist()) - {None}
        if shared:
            return "question_id" if on == "question_id" else "prompt"
    raise _apart(judged, people, None)


def _apart(judged: Read, people: Read, on: JoinOn | None) -> DataError:
    told = []
    for name, read in (("verdicts", judged), ("votes", people)):
        for key in ("question_id", "prompt") if on is None else (on,):
            known = [value for value in _key(read, "prompt" if key == "prompt" else "question_id") if value]
            example = f", such as {known[0]!r}" if known and key == "question_id" else ""
            told.append(f"{len(known)} of {read.size} {name} have a {key}{example}")
    what = "the same prompt" if on is None else f"the same two models and {_WORDS[on]}"
    return DataError(
        f"no verdict and vote are about {what}: {'; '.join(told)}",
        hint="rows are joined on question_id, or else on prompt, and on the names of the two models",
    )


def _unusable(read: Read, on: JoinOn) -> Bools:
    none = np.array([key is None for key in _key(read, on).tolist()], dtype=bool)
    return np.asarray(none | (read.model_a == read.model_b).astype(bool))


def _cells(read: Read, keys: Texts, prompts: list[str], models: list[str]) -> tuple[Ints, Bools]:
    """Each row's matchup as a number, and whether it has one."""
    at = {prompt: number for number, prompt in enumerate(prompts)}
    name = {model: number for number, model in enumerate(models)}
    prompt = np.array([at.get(key, -1) for key in keys.tolist()], dtype=np.int64)
    a = np.array([name.get(model, -1) for model in read.model_a.tolist()], dtype=np.int64)
    b = np.array([name.get(model, -1) for model in read.model_b.tolist()], dtype=np.int64)
    usable = (prompt >= 0) & (a >= 0) & (b >= 0) & (a != b)
    base = max(len(models), 1)
    return (prompt * base + np.minimum(a, b)) * base + np.maximum(a, b), usable


def _turned(read: Read, rows: Ints) -> Floats:
    """1 where A is x, the first by name; -1 where it is y."""
    return np.where((read.model_a[rows] < read.model_b[rows]).astype(bool), 1.0, -1.0)


def _ballots(read: Read, rows: Ints, matchup: Ints, rater: Ints) -> Ballots:
    turn = _turned(read, rows)
    share = read.share[rows]
    return Ballots(
        matchup, rater, turn * read.won[rows], np.where(turn > 0, share, 1 - share), turn * read.side[rows]
    )


def _voters(names: Texts, rows: Ints) -> Ints:
    """A number for each voter; who is not named is a voter of one vote."""
    told = names[rows].tolist()
    known = {name: number for number, name in enumerate(sorted({name for name in told if name is not None}))}
    return np.array([known.get(name, len(known) + at) for at, name in enumerate(told)], dtype=np.int64)


def _categories(sources: list[tuple[Read, Ints, Ints]], names: list[str], size: int) -> Ints:
    """The verdicts' category or, without one, the votes'; of several, the last by name."""
    number = {name: at for at, name in enumerate(names)}
    found = np.full(size, -1, dtype=np.int64)
    for read, rows, matchup in sources:
        told = np.array([number.get(name, -1) for name in read.category[rows].tolist()], dtype=np.int64)
        here = np.full(size, -1, dtype=np.int64)
        np.maximum.at(here, matchup, told)
        found = np.where(found < 0, here, found)
    return found


def _lengths(sources: list[tuple[Read, Ints, Ints]], size: int) -> dict[str, Floats]:
    """Of the answers of x and y: the mean of what the verdicts' rows say or, if they do not, the votes'."""
    found = {"length_x": np.full(size, np.nan), "length_y": np.full(size, np.nan)}
    for read, rows, matchup in sources:
        turn = _turned(read, rows) > 0
        a, b = read.length_a[rows], read.length_b[rows]
        known = ~np.isnan(a) & ~np.isnan(b)
        count = np.bincount(matchup[known], minlength=size)
        for name, values in (("length_x", np.where(turn, a, b)), ("length_y", np.where(turn, b, a))):
            mean = np.bincount(matchup[known], values[known], size) / np.where(count > 0, count, np.nan)
            found[name] = np.where(np.isnan(found[name]), mean, found[name])
    return found
