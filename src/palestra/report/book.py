"""Every battle of a run as compact JSON data that a page can render on demand.

Texts, answers, names and groups are each written once, in tables; a battle holds places in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.records.battle import Battle, Source
from palestra.records.matchup import Order
from palestra.records.winner import Winner
from palestra.report.words import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from palestra.records.battle import Text
    from palestra.records.prompt import Prompt
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict

Pairing = tuple[str, str, str]
"""A question and two models by name, in the order of the alphabet."""

_PANEL = "panel:"
"""How the name of several judges together begins."""

_METRIC = "metric:"
"""How the protocol of a judge that reads no answers side by side begins."""

_CODES = {Winner.A: "a", Winner.B: "b", Winner.TIE: "t", Winner.BOTH_BAD: "n"}


class Table:
    """Values in the order in which they first came, each once."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}

    def place(self, value: Any) -> int:
        """The place of `value`, which is hashable, adding it if it is new."""
        return self._places.setdefault(value, len(self._places))

    def values(self) -> list[Any]:
        """What is in the table."""
        return list(self._places)


class Book:
    """Collects prompts, answers, verdicts and battles, in this order, and gives the page's data."""

    def __init__(self, judge_repeats: Mapping[str, int] | None = None) -> None:
        """`judge_repeats`: how often each judge was asked about the same two answers, 1 if not named."""
        self._judge_repeats = judge_repeats or {}
        self._texts = Table()
        self._models = Table()
        self._judges = Table()
        self._answers: list[dict[str, Any]] = []
        self._given: dict[tuple[str, str], dict[int, int]] = {}
        self._bare: dict[int, int] = {}
        self._prompts: dict[str, dict[str, Any]] = {}
        self._verdicts: dict[Pairing, list[Verdict]] = {}
        self._used: set[int] = set()
        self._rows: list[dict[str, Any]] = []

    def add_prompt(self, prompt: Prompt) -> None:
        """A prompt with what is known of it."""
        text = prompt.messages if len(prompt.messages) > 1 else prompt.messages[0].content
        self._prompts[prompt.question_id] = _known(
            p=self._text(text),
            ref=self._text(prompt.reference),
            ds=prompt.dataset,
            sub=prompt.subset,
            cat=prompt.category,
            lang=prompt.language,
        )

    def add_response(self, response: Response) -> None:
        """An answer, or the failure in its place."""
        failure = response.failure
        given = self._given.setdefault((response.question_id, response.model), {})
        given[response.repeat] = len(self._answers)
        self._answers.append(
            _known(
                t=self._text(response.text),
                th=self._text(response.thinking or None),
                n=response.tokens_out,
                ms=None if response.latency_ms is None else round(response.latency_ms),
                end=response.finish_reason,
                x=failure and failure.kind.value,
                m=failure and failure.message,
            )
        )

    def add_verdict(self, verdict: Verdict) -> None:
        """A verdict. Battles find theirs by question, models, judge, order and repeat."""
        key = _pairing(verdict.question_id, verdict.model_a, verdict.model_b)
        self._verdicts.setdefault(key, []).append(verdict)

    def add_battle(self, battle: Battle) -> None:
        """A decided matchup."""
        verdicts = self._verdicts_of(battle)
        self._used.update(map(id, verdicts))
        question = battle.question_id or ""
        repeat = (battle.repeat or 0) // self._judge_repeats.get(battle.judge_model or "", 1)
        about = _known(
            p=self._text(battle.prompt),
            ds=battle.dataset,
            sub=battle.subset,
            cat=battle.category,
            lang=battle.language,
        )
        if question:
            self._prompts[question] = {**self._prompts.get(question, {}), **about}
        self._rows.append(
            _known(
                **{**self._prompts.get(question, {}), **about},
                id=battle.battle_id,
                q=battle.question_id,
                a=self._model(battle.model_a),
                b=self._model(battle.model_b),
                w=_CODES[battle.winner],
                j=None if battle.judge_model is None else self._judge(battle.judge_model),
                src=battle.source and battle.source.value,
                o=battle.order and battle.order.value,
                f=list(battle.flags) or None,
                pref=battle.pref,
                soft=battle.soft or None,
                wt=None if battle.weight == 1.0 else battle.weight,
                ra=self._answer(question, battle.model_a, battle.response_a, repeat),
                rb=self._answer(question, battle.model_b, battle.response_b, repeat),
                v=[self._verdict(verdict, battle.model_a) for verdict in verdicts] or None,
            )
        )

    def data(self) -> dict[str, Any]:
        """The tables and all rows: the battles, then the matchups that were judged without a result."""
        undecided = list(self._undecided())
        return {
            "models": [visible(name) for name in self._models.values()],
            "judges": [visible(name) for name in self._judges.values()],
            "texts": [_plain(text) for text in self._texts.values()],
            "answers": self._answers,
            "rows": self._rows + undecided,
        }

    def _undecided(self) -> Iterable[dict[str, Any]]:
        for (question, _, _), verdicts in self._verdicts.items():
            groups: dict[tuple[str, int], list[Verdict]] = {}
            for verdict in verdicts:
                if id(verdict) not in self._used:
                    groups.setdefault((verdict.judge_model, verdict.repeat), []).append(verdict)
            for group in groups.values():
                yield self._undecided_row(question, group)

    def _undecided_row(self, question: str, verdicts: list[Verdict]) -> dict[str, Any]:
        first = verdicts[0]
        repeat = first.repeat // self._judge_repeats.get(first.judge_model, 1)
        return _known(
            **self._prompts.get(question, {}),
            q=question,
            a=self._model(first.model_a),
            b=self._model(first.model_b),
            w="-",
            j=self._judge(first.judge_model),
            ra=self._answer(question, first.model_a, None, repeat),
            rb=self._answer(question, first.model_b, None, repeat),
            v=[self._verdict(verdict, first.model_a) for verdict in verdicts],
        )

    def _verdicts_of(self, battle: Battle) -> list[Verdict]:
        """The verdicts behind a battle. A panel's battle has those of every judge."""
        if battle.source is Source.HUMAN:
            return []
        found = self._verdicts.get(_pairing(battle.question_id or "", battle.model_a, battle.model_b), [])
        if not (battle.judge_model or "").startswith(_PANEL):
            found = [v for v in found if v.judge_model == battle.judge_model]
        if battle.repeat is not None:
            found = [v for v in found if v.repeat == battle.repeat]
        if battle.order in (Order.AB, Order.BA):
            found = [v for v in found if _told_from(v, battle.model_a).order is battle.order]
        return found

    def _verdict(self, verdict: Verdict, model_a: str) -> dict[str, Any]:
        told = _told_from(verdict, model_a)
        return _known(
            j=self._judge(told.judge_model),
            o=None if (told.protocol or "").startswith(_METRIC) else told.order.value,
            w=None if told.winner is None else _CODES[told.winner],
            l=told.label,
            sa=told.score_a,
            sb=told.score_b,
            pr=told.pref,
            t=self._text(told.raw or told.explanation or None),
            x=told.failure and told.failure.kind.value,
            m=told.failure and told.failure.message,
        )

    def _answer(self, question: str, model: str, text: Text | None, repeat: int) -> int | None:
        """The place of the answer: of this repeat if its text is this one, else of any with this text."""
        given = self._given.get((question, model), {})
        if text is None:
            return given.get(repeat)
        place = self._texts.place(_hashable(text))
        alike = [each for each in given.values() if self._answers[each].get("t") == place]
        if given.get(repeat) in alike:
            return given[repeat]
        if alike:
            return alike[0]
        if place not in self._bare:
            self._bare[place] = len(self._answers)
            self._answers.append({"t": place})
        return self._bare[place]

    def _text(self, text: Text | None) -> int | None:
        return None if text is None else self._texts.place(_hashable(text))

    def _model(self, name: str) -> int:
        return self._models.place(name)

    def _judge(self, name: str) -> int:
        return self._judges.place(name)


def _pairing(question: str, one: str, other: str) -> Pairing:
    return (question, one, other) if one <= other else (question, other, one)


def _told_from(verdict: Verdict, model_a: str) -> Verdict:
    return verdict if verdict.model_a == model_a else verdict.swapped()


def _hashable(text: Text) -> str | tuple[tuple[str, str], ...]:
    return text if isinstance(text, str) else tuple((message.role, message.content) for message in text)


def _plain(text: Any) -> Any:
    return text if isinstance(text, str) else [list(message) for message in text]


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
