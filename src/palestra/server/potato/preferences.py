"""A preference among the answers of a run, and the battles that come of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from palestra.records.keys import digest
from palestra.server.live.decision import Decision, battles_of
from palestra.server.live.matchup import LiveMatchup
from palestra.server.live.slots import letter
from palestra.server.potato.runs import admin_voter
from palestra.server.problems import Problem
from palestra.store.arena_matchups import VOTED, StoredMatchup
from palestra.store.arena_preferences import finished_run, record_preference
from palestra.store.arena_votes import VoteRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from palestra.server.context import Context


@dataclass(frozen=True, slots=True)
class Preference:
    """What was sent."""

    prompt: str
    winner: str
    ranking: tuple[str, ...] | None = None
    """Labels, best first."""

    def check(self, known: Sequence[str]) -> None:
        """See whether it makes sense among these labels.

        Raises:
            Problem: it does not.
        """
        for label in (self.winner, *(self.ranking or ())):
            if label not in known:
                raise Problem(400, f"There is no model {label[:80]!r}.", hint=f"known: {', '.join(known)}")
        if self.ranking is None:
            return
        if len(set(self.ranking)) != len(self.ranking):
            raise Problem(400, "ranking: a model is named twice.")
        if self.ranking[:1] != (self.winner,):
            raise Problem(400, "winner: it is not the ranking's first.")


async def record(context: Context, preference: Preference) -> bool:
    """Count a preference; False if it was counted before.

    Raises:
        Problem: the prompt was not run, or the winner did not answer.
        StoreError: it cannot be written.
    """
    found = await run_in_threadpool(_find, context, preference.prompt)
    preference.check(list(dict.fromkeys([*context.roster.labels, *(found.row.models if found else ())])))
    if found is None:
        raise Problem(404, "This prompt was not run.", hint="run it, then prefer one of its answers")
    now = time.time()
    live, decision = _decided(found, preference, now)
    decided = battles_of(live, decision, context.roster, now)
    flags = tuple(sorted({flag for battle in decided for flag in battle.flags}))
    vote = VoteRow(live.id, live.row.voter, decision.winner, decision.ranking, flags, now)

    def work(connection: sa.Connection) -> bool:
        table = context.boards.table
        return record_preference(connection, table, live.row, live.turns[0], vote, decided)

    is_new = await context.writer.write(work)
    if is_new:
        context.metrics.votes.labels(live.row.kind, "won").inc()
        context.voted.send()
    return is_new


def _find(context: Context, prompt: str) -> StoredMatchup | None:
    question_id = context.prompts.recognise(prompt).question_id
    with context.database.reading() as connection:
        return finished_run(connection, admin_voter(context), question_id, prompt)


def _decided(run: StoredMatchup, preference: Preference, now: float) -> tuple[LiveMatchup, Decision]:
    """The preference as a matchup of the models that answered, and what was decided in it."""
    said = sorted((answer for answer in run.answers if answer.ok), key=lambda answer: answer.slot)
    models = tuple(run.row.models[answer.slot] for answer in said)
    if preference.winner not in models:
        raise Problem(409, f"{preference.winner!r} did not answer this prompt, so it cannot be the best.")
    place = {label: letter(slot) for slot, label in enumerate(models)}
    ranked = [label for label in preference.ranking or () if label in place]
    if len(ranked) < min(2, len(preference.ranking or ())):
        raise Problem(409, "ranking: of these models only one answered this prompt, so it decides nothing.")
    ranking = tuple(place[label] for label in ranked) if len(ranked) > 1 else None
    decision = Decision(place[preference.winner], ranking)
    texts = [[label, answer.text] for label, answer in zip(models, said, strict=True)]
    row = replace(run.row, models=models, state=VOTED, decided=now)
    answers = tuple(replace(answer, slot=slot) for slot, answer in enumerate(said))
    live = LiveMatchup.of(StoredMatchup(row, run.turns, answers), paced=False)
    pairs = sorted((models[a], models[b], winner.value) for a, b, winner in decision.games(live))
    says = ["preference", run.turns[0].prompt.strip(), texts, preference.winner, pairs]
    live.row = replace(row, id=digest(says)[:32])
    return live, decision
