"""A judge that replays verdicts from a file: a run's `verdicts.jsonl`, or other tools' columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.errors import DataError
from palestra.judges.recorded_rows import RecordedVerdict, read_verdicts
from palestra.judges.view import shown
from palestra.records.battle import Source
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import verdict_key
from palestra.records.matchup import Order
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from palestra.judges.base import Game

Place = tuple[str, str, str, Order | None, int]
"""Question, the two models in alphabetical order, the order they were shown in, repeat."""

_NAMES = {"key", "question_id", "model_a", "model_b", "judge_model"}

_OTHER = {Order.AB: Order.BA, Order.BA: Order.AB}


class RecordedJudge:
    """Looks each verdict up by question, pair, order and repeat. No call is made.

    A pair may stand in the file either way round. A row whose order is not known, or is `both`,
    answers either order. With `any_order`, so does a row of the other order, and the verdict says
    which one it was. What is not in the file is a failure of kind `missing`; a recorded failure stays
    what it was.
    """

    def __init__(
        self, rows: Iterable[RecordedVerdict], *, label: str, path: Path, any_order: bool = False
    ) -> None:
        self._label = label
        self._path = path
        self._any_order = any_order
        self._verdicts: dict[Place, Verdict] = {}
        self._lines: dict[Place, int] = {}
        for row in rows:
            self._add(row)
        kinds = {(v.protocol or "").startswith("metric:") for v in self._verdicts.values()}
        self._source = Source.METRIC if kinds == {True} else Source.JUDGE

    @classmethod
    def read(
        cls, path: Path, *, label: str, judge: str | None = None, any_order: bool = False
    ) -> RecordedJudge:
        """Read a JSONL, JSON, CSV or Parquet file.

        `judge` is the judge of the file to replay; it may be left out where the file has one, or has
        one that is called `label`.

        Raises:
            DataError: the file cannot be read, a row is no verdict or contradicts another, or the judge
                is not in it; with file and line.
        """
        return cls(read_verdicts(path, label=label, judge=judge), label=label, path=path, any_order=any_order)

    @property
    def label(self) -> str:
        """The name it goes by in battles."""
        return self._label

    @property
    def source(self) -> Source:
        """`metric` if a metric judge wrote the whole file, else `llm-judge`."""
        return self._source

    @property
    def takes_seed(self) -> bool:
        """True: the same file always gives the same verdicts."""
        return True

    @property
    def is_free(self) -> bool:
        """True."""
        return True

    @property
    def template(self) -> None:
        """None: it is shown no text."""

    def key(self, game: Game) -> str:
        """The content key: what was recorded, without names, and the judged texts."""
        found = self._find(game)
        if found is not None and game.order is Order.BA:
            found = found.swapped()
        recorded = None if found is None else found.model_dump(mode="json", exclude=_NAMES)
        first, second = shown(game.matchup, game.order)
        return verdict_key(
            {"recorded": recorded},
            "",
            game.matchup.prompt.messages,
            first.text or "",
            second.text or "",
            game.order.value,
            game.repeat,
        )

    async def judge(self, game: Game) -> Verdict:
        """Replay."""
        key = game.key or self.key(game)
        found = self._find(game)
        if found is not None:
            return found.model_copy(update={"key": key})
        matchup = game.matchup
        a, b = matchup.response_a.model, matchup.response_b.model
        return Verdict(
            key=key,
            question_id=matchup.prompt.question_id,
            model_a=a,
            model_b=b,
            order=game.order,
            repeat=game.repeat,
            judge_model=self._label,
            failure=Failure(
                kind=FailureKind.MISSING,
                message=f"not in {self._path.name}: {a} and {b} on this question in this order",
            ),
        )

    async def aclose(self) -> None:
        """Nothing to close."""

    def _add(self, row: RecordedVerdict) -> None:
        verdict = row.verdict
        order: Order | None = verdict.order
        if verdict.model_a > verdict.model_b:
            verdict = verdict.swapped()
            order = verdict.order
        if not row.knows_order:
            order = None
        place = (verdict.question_id, verdict.model_a, verdict.model_b, order)
        repeat = verdict.repeat
        if not row.knows_repeat:
            while (*place, repeat) in self._verdicts:
                repeat += 1
            verdict = verdict.model_copy(update={"repeat": repeat})
        held = self._verdicts.setdefault((*place, repeat), verdict)
        first_line = self._lines.setdefault((*place, repeat), row.line)
        if held.winner is not verdict.winner or held.pref != verdict.pref:
            raise DataError(
                f"another verdict on the same question, models, order and repeat than line {first_line}",
                path=self._path,
                line=row.line,
                hint="give each its own `repeat`, or leave that column out",
            )

    def _find(self, game: Game) -> Verdict | None:
        """The recorded verdict, told of the game's model_a and model_b, in the order it answers for."""
        matchup = game.matchup
        a, b = matchup.response_a.model, matchup.response_b.model
        turned = a > b
        wanted = _OTHER[game.order] if turned else game.order
        first, second = (b, a) if turned else (a, b)
        tried = [wanted, None, *([_OTHER[wanted]] if self._any_order else [])]
        for order in tried:
            found = self._verdicts.get((matchup.prompt.question_id, first, second, order, game.repeat))
            if found is not None:
                if order is None:
                    found = found.model_copy(update={"order": wanted})
                return found.swapped() if turned else found
        return None
