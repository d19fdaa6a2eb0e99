"""Meetings of one prompt to training rows, in the shapes that TRL documents (dataset formats and types)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from palestra.interchange.exports.meetings import mean
from palestra.interchange.exports.normal import same_message
from palestra.interchange.exports.turns import opening, parting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from palestra.interchange.exports.meetings import Answer, Meeting
    from palestra.interchange.exports.turns import Talk
    from palestra.interchange.exports.wishes import Kind, Wishes

_JOINT = "\n\n"
"""Between a prompt and its answer in one plain text."""
_FACTS = ("question_id", "source", "dataset", "category", "language")


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One row, and what is needed to choose among rows."""

    data: dict[str, Any]
    """Column → value, as JSON data."""
    key: str
    """What makes it this row among those of its prompt."""
    texts: tuple[str, ...]
    """What it says, part by part."""
    longer: int = 0
    """Whether the better answer is longer (1) or shorter (-1) than the worse one, in characters."""
    clear: float = 0.0
    """How clearly it was decided, from 0 on."""


@dataclass(slots=True)
class _Heard:
    """All that was decided of one answer."""

    answer: Answer
    models: set[str] = field(default_factory=set)
    shares: list[tuple[float, float]] = field(default_factory=list)
    wanted: list[tuple[float, float]] = field(default_factory=list)
    scores: list[tuple[float, float]] = field(default_factory=list)
    judges: set[str] = field(default_factory=set)
    facts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, meeting: Meeting, side: int) -> None:
        """A meeting in which it was the first (0) or the other (1) answer."""
        answer = (meeting.one, meeting.other)[side]
        self.models |= answer.models
        if _contents(answer.talk) < _contents(self.answer.talk):
            self.answer = answer
        for game in meeting.games:
            share = round(1.0 - game.share, 12) if side else game.share
            wanted = float(not game.bad) if share == 0.5 else float(share > 0.5)
            self.shares.append((share, game.weight))
            self.wanted.append((wanted, game.weight))
            self.judges |= {judge for judge, _ in game.votes} or {game.judge}
            if game.scores is not None:
                self.scores.append((game.scores[side], game.weight))
        for name, values in meeting.facts.items():
            self.facts[name] |= values


def rows_of(meetings: Sequence[Meeting], wishes: Wishes) -> list[TrainingRow]:
    """The rows of one prompt's meetings; of at most `per_prompt` of them the clearest."""
    rows = sorted(_MAKERS[wishes.kind](meetings, wishes), key=lambda row: (-row.clear, row.key))
    return rows if wishes.per_prompt is None else rows[: wishes.per_prompt]


def _pairs(meetings: Sequence[Meeting], wishes: Wishes) -> Iterator[TrainingRow]:
    """`{prompt, chosen, rejected}`, for DPO and for reward models."""
    for meeting in meetings:
        won = meeting.share > 0.5
        better, worse = (meeting.one, meeting.other) if won else (meeting.other, meeting.one)
        place = parting(better.talk, worse.talk, same_message)
        prompt, chosen, rejected = better.talk[:place], better.talk[place:], worse.talk[place:]
        if wishes.prompted == "implicit":
            data = {"chosen": _told(prompt, chosen, wishes), "rejected": _told(prompt, rejected, wishes)}
        else:
            data = {name: _told((), part, wishes) for name, part in _named(prompt, chosen, rejected)}
        share = meeting.share if won else 1.0 - meeting.share
        pref = meeting.pref if won else 1.0 - meeting.pref
        if wishes.details:
            names = {"chosen_model": better.model, "rejected_model": worse.model}
            data |= names | _decided(round(share, 12), len(meeting.games), meeting.judges)
            data |= _facts(meeting.facts)
        lengths = _length(chosen), _length(rejected)
        yield TrainingRow(
            data,
            f"{better.key} {worse.key}",
            tuple(map(_text, (prompt, chosen, rejected))),
            (lengths[0] > lengths[1]) - (lengths[0] < lengths[1]),
            share + pref,
        )


def _named(prompt: Talk, chosen: Talk, rejected: Talk) -> Iterable[tuple[str, Talk]]:
    return ("prompt", prompt), ("chosen", chosen), ("rejected", rejected)


def _labelled(meetings: Sequence[Meeting], wishes: Wishes) -> Iterator[TrainingRow]:
    """`{prompt, completion, label}`, for KTO: a winner is wanted, a loser is not; of a tie both are, of both
    bad neither.
    """
    for heard in _heard(meetings):
        value = mean(heard.wanted, 0.5)
        if value == 0.5:
            continue
        place = opening(heard.answer.talk)
        prompt, said = heard.answer.talk[:place], heard.answer.talk[place:]
        data = {
            "prompt": _told((), prompt, wishes),
            "completion": _told((), said, wishes),
            "label": value > 0.5,
        }
        if wishes.details:
            data |= _details(heard)
        yield TrainingRow(data, heard.answer.key, (_text(prompt), _text(said)), clear=abs(value - 0.5))


def _winners(meetings: Sequence[Meeting], wishes: Wishes) -> Iterator[TrainingRow]:
    """`{prompt, completion}`, or `{messages}` or `{text}`, of the answers that won more than they lost."""
    for heard in _heard(meetings):
        share = mean(heard.shares, 0.5)
        if share <= 0.5:
            continue
        talk = heard.answer.talk
        place = opening(talk)
        prompt, said = talk[:place], talk[place:]
        if wishes.prompted == "implicit":
            name = "text" if wishes.style == "plain" else "messages"
            data = {name: _told(prompt, said, wishes)}
        else:
            data = {"prompt": _told((), prompt, wishes), "completion": _told((), said, wishes)}
        if wishes.details:
            data |= _details(heard)
        yield TrainingRow(data, heard.answer.key, (_text(prompt), _text(said)), clear=share)


def _ranked(meetings: Sequence[Meeting], wishes: Wishes) -> Iterator[TrainingRow]:
    """`{prompt, ranked_models: [{model_name, avg_score, response}]}`, best first, as OpenArena's training
    data. The score is the mean of the judges' where every battle has scores, else the mean share of the win.
    """
    scored = all(game.scores is not None for meeting in meetings for game in meeting.games)
    found = [
        (mean(heard.scores if scored else heard.shares, 0.5), heard)
        for heard in _heard(meetings)
        if sum(weight for _, weight in heard.shares) > 0
    ]
    if len(found) < 2:
        return
    found.sort(key=lambda each: (-each[0], min(each[1].models), each[1].answer.key))
    talk = found[0][1].answer.talk
    prompt = talk[: opening(talk)]
    models = [
        {
            "model_name": min(heard.models),
            "avg_score": round(score, 12),
            "response": _told((), heard.answer.talk[opening(heard.answer.talk) :], wishes),
        }
        for score, heard in found
    ]
    data: dict[str, Any] = {"prompt": _told((), prompt, wishes), "ranked_models": models}
    if wishes.details:
        facts: defaultdict[str, set[str]] = defaultdict(set)
        for meeting in meetings:
            for name, values in meeting.facts.items():
                facts[name] |= values
        data |= {"battles": sum(len(meeting.games) for meeting in meetings)} | _facts(facts)
    texts = (_text(prompt), *(_text(heard.answer.talk) for _, heard in found))
    yield TrainingRow(data, "", texts)


def _heard(meetings: Sequence[Meeting]) -> list[_Heard]:
    """The answers in these meetings, in the order of their texts."""
    found: dict[str, _Heard] = {}
    for meeting in meetings:
        for side, answer in enumerate((meeting.one, meeting.other)):
            found.setdefault(answer.key, _Heard(answer)).add(meeting, side)
    return [found[key] for key in sorted(found)]


_MAKERS: dict[Kind, Callable[[Sequence[Meeting], Wishes], Iterator[TrainingRow]]] = {
    "dpo": _pairs,
    "reward": _pairs,
    "kto": _labelled,
    "sft": _winners,
    "ranked": _ranked,
}


def _told(prompt: Talk, part: Talk, wishes: Wishes) -> str | list[dict[str, str]]:
    """Some turns, after their prompt."""
    if wishes.style == "plain":
        return _JOINT.join(_contents((*prompt, *part)))
    return [{"role": message.role, "content": message.content} for message in (*prompt, *part)]


def _details(heard: _Heard) -> dict[str, Any]:
    share = round(mean(heard.shares, 0.5), 12)
    decided = _decided(share, len(heard.shares), len(heard.judges))
    return {"model": min(heard.models)} | decided | _facts(heard.facts)


def _decided(share: float, battles: int, judges: int) -> dict[str, Any]:
    return {"share": share, "battles": battles, "judges": judges}


def _facts(facts: defaultdict[str, set[str]]) -> dict[str, Any]:
    return {name: "; ".join(sorted(facts[name])) or None for name in _FACTS}


def _contents(talk: Talk) -> list[str]:
    return [message.content for message in talk]


def _text(talk: Talk) -> str:
    return "\n".join(_contents(talk))


def _length(talk: Talk) -> int:
    """Characters that a model wrote."""
    return sum(len(message.content) for message in talk if message.role == "assistant")
