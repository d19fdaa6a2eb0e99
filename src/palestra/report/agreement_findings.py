"""Judges' verdicts and people's votes (or gold labels) in, what was found of the judges out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.agreement.assess import JudgeBallots, Wish, assess, in_category
from palestra.analysis.agreement.findings import Findings, Group
from palestra.analysis.agreement.weights import panel_weights
from palestra.errors import UsageError, nearest
from palestra.interchange.agree_sources import HUMAN, AgreeOptions, read_judged, read_people
from palestra.records.rating import Interval
from palestra.report.agreement_join import join

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from palestra.analysis.agreement.findings import JudgeFindings
    from palestra.interchange.agree_rows import Read
    from palestra.interchange.battle_input import BattleInput
    from palestra.ranking.arrays import Bools
    from palestra.report.agreement_join import Joined

FEW_PROMPTS = 20
"""Below this, resamples are of matchups: so few prompts cannot stand for all."""
FEW_MATCHUPS = 30


def find_agreement(
    judged: BattleInput,
    people: BattleInput,
    *,
    is_gold: bool,
    options: AgreeOptions,
    kin: Callable[[str], Collection[str]] = lambda name: (),
) -> Findings:
    """Hold every judge in `judged` against the votes, or gold labels, in `people`.

    `kin`: the families that a judge's or a model's name shows; those who share one are of one family.

    Raises:
        DataError: what cannot be read, with its place; nothing that can be joined.
        UsageError: an argument that makes no sense.
    """
    verdicts, n_human = read_judged(judged, options)
    votes, n_other = read_people(people, options, is_gold=is_gold)
    if is_gold:
        votes = replace(votes, rater=np.full(votes.size, "gold", dtype=object), side=np.zeros(votes.size))
    joined = join(verdicts, votes, options.on)
    by_prompt, warnings = _clusters(joined, options)
    wish = Wish(options.rounds, options.level, options.seed, by_prompt, is_gold)
    judges = _judges(verdicts, joined, options, kin)
    overall = assess(joined.matchups, judges, joined.people, joined.models, wish)
    if not is_gold and all(name is not None for name in votes.rater.tolist()):
        n_voters = int(np.unique(joined.people.rater).size)
        overall = replace(overall, people=replace(overall.people, n_voters=n_voters))
    categories: dict[str, Group] = {}
    small: list[str] = []
    for number, name in enumerate(joined.categories if len(joined.categories) > 1 else ()):
        part = in_category(joined.matchups, judges, joined.people, number)
        if part[2].won.size:
            enough = options.cluster is not None or np.unique(part[0].prompt).size >= FEW_PROMPTS
            own = replace(wish, by_prompt=by_prompt and enough)
            small += [name] if by_prompt and not enough else []
            categories[name] = assess(*part, joined.models, own, leaning=False)
    if small:
        warnings.append(
            f"{len(small)} of {len(categories)} categories have fewer than {FEW_PROMPTS} prompts, too few to "
            "resample: their intervals resample matchups, and speak of these prompts alone"
        )
    return Findings(
        reference="gold" if is_gold else HUMAN,
        joined_on=joined.on,
        interval=Interval(
            "bootstrap", options.level, options.rounds, options.seed, "prompt" if by_prompt else "matchup"
        ),
        n_models=len(joined.models),
        n_prompts=joined.n_prompts,
        overall=overall,
        categories=categories,
        panel_weights=panel_weights({one.judge: one.majority.without_ties for one in overall.judges}),
        warnings=(*warnings, *_warnings(joined, overall.judges, is_gold=is_gold)),
        about={
            "n_verdicts": int(joined.judged.won.size),
            "n_votes_elsewhere": joined.n_elsewhere,
            "n_without_prompt": joined.n_without_prompt,
            "n_human_rows_among_judged": n_human,
            "n_other_rows_among_human": n_other,
            "by": options.by,
        },
    )


def _judges(
    verdicts: Read, joined: Joined, options: AgreeOptions, kin: Callable[[str], Collection[str]]
) -> list[JudgeBallots]:
    names = verdicts.rater[joined.judged_rows]
    failure, cost = verdicts.failure[joined.judged_rows], verdicts.cost[joined.judged_rows]
    found = []
    for name in sorted(set(names.tolist())):
        own = (names == name).astype(bool)
        family = _family(name, joined.models, options.families, kin)
        found.append(
            JudgeBallots(name, joined.judged.take(own), tuple(failure[own].tolist()), cost[own], family)
        )
    unknown = sorted(set(options.families or ()) - {judge.judge for judge in found})
    if unknown:
        hint = nearest(unknown[0], [judge.judge for judge in found])
        raise UsageError(f"no judge is called {unknown[0]!r}", key="family", hint=hint)
    return found


def _family(
    judge: str,
    models: Sequence[str],
    families: Mapping[str, Iterable[str]] | None,
    kin: Callable[[str], Collection[str]],
) -> Bools:
    """Which models are the judge's own: as told or, by default, those whose names show its family."""
    if families is not None and judge in families:
        told = set(families[judge])
        unknown = sorted(told - set(models))
        if unknown:
            raise UsageError(
                f"no model is called {unknown[0]!r}", key="family", hint=nearest(unknown[0], models)
            )
        return np.array([model in told for model in models], dtype=bool)
    own = set(kin(judge))
    return np.array([not own.isdisjoint(kin(model)) for model in models], dtype=bool)


def _clusters(joined: Joined, options: AgreeOptions) -> tuple[bool, list[str]]:
    """Whether to resample prompts, and what to say of it."""
    if options.cluster is not None:
        return options.cluster == "prompt", []
    if joined.n_prompts >= FEW_PROMPTS:
        return True, []
    told = "1 prompt" if joined.n_prompts == 1 else f"{joined.n_prompts} prompts"
    return False, [
        f"only {told}, too few to resample: intervals resample matchups, and speak of these prompts alone"
    ]


def _warnings(joined: Joined, judges: Sequence[JudgeFindings], *, is_gold: bool) -> list[str]:
    found = []
    if joined.n_without_prompt:
        found.append(
            f"left out, because they do not say which prompt they are about or let a model meet itself: "
            f"{joined.n_without_prompt:,} rows"
        )
    counts = np.bincount(joined.people.matchup, minlength=joined.matchups.size)
    if is_gold and (counts > 1).any():
        found.append(
            f"several gold labels of one matchup count as their mean: {int((counts > 1).sum()):,} matchups"
        )
    few = [one.judge for one in judges if one.coverage.n_joined < FEW_MATCHUPS]
    if few:
        found.append(f"fewer than {FEW_MATCHUPS} matchups that people and {few[0]!r} decided: read with care")
    if not is_gold and (counts[counts > 0] == 1).all():
        found.append("no matchup has two votes, so there is no human ceiling")
    return found
