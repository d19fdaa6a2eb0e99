"""`palestra.agree`: judges held against people, as an object that shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from palestra.errors import UsageError
from palestra.interchange.agree_sources import AgreeOptions
from palestra.judges.family import families as families_of
from palestra.records.plain import finite
from palestra.records.tables import Tabular
from palestra.report.agreement_findings import find_agreement
from palestra.report.agreement_forms import FIELDS, agreement_rows, agreement_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas
    import polars

    from palestra.analysis.agreement.findings import Findings, Group, JudgeFindings
    from palestra.interchange.agree_sources import JoinOn
    from palestra.interchange.battle_input import BattleInput


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AgreementReport(Tabular):
    """How far judges agree with people, beside how far people agree with each other.

    It prints as tables. `report["gpt-4"]` is one judge; `report.findings` has everything.
    """

    findings: Findings

    def __repr__(self) -> str:
        return agreement_text(self.findings).rstrip("\n")

    def rows(self) -> list[dict[str, Any]]:
        """One row for each number: category, judge, measure, value, bounds, standard error, n, hits."""
        return agreement_rows(self.findings)

    def __getitem__(self, judge: str) -> JudgeFindings:
        return self.findings[judge]

    @property
    def judges(self) -> tuple[str, ...]:
        """Their names, sorted."""
        return tuple(one.judge for one in self.findings.overall.judges)

    @property
    def categories(self) -> dict[str, Group]:
        """The same measures of the matchups of each category; empty where there is one at most."""
        return self.findings.categories

    @property
    def panel_weights(self) -> dict[str, float]:
        """Each judge's `panel_weight` in a panel weighted by agreement with people; they add up to 1."""
        return self.findings.panel_weights

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON-ready data, None for what cannot be told."""
        told: dict[str, Any] = finite(self.findings.to_dict())
        return told

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each number: category, judge, measure, value, ci_low, ci_high, standard_error, n, hits.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise _missing("pandas") from None
        frame = pd.DataFrame(agreement_rows(self.findings), columns=list(FIELDS))
        return frame.astype(dict.fromkeys(FIELDS[3:], "float64"))

    def to_polars(self) -> polars.DataFrame:
        """The same rows as a polars data frame.

        Raises:
            UsageError: polars is not installed.
        """
        try:
            import polars as pl
        except ImportError:
            raise _missing("polars") from None
        kinds = {name: pl.String if name in FIELDS[:3] else pl.Float64 for name in FIELDS}
        return pl.DataFrame(agreement_rows(self.findings), schema=kinds)


def _missing(library: str) -> UsageError:
    return UsageError(f"{library} is not installed", hint=f"pip install {library}")


def agree(
    judged: BattleInput,
    *,
    human: BattleInput | None = None,
    gold: BattleInput | None = None,
    on: JoinOn | None = None,
    by: Literal["category", "dataset", "subset", "language", "source", "judge_model"] | None = "category",
    filter: str | None = None,
    human_filter: str | None = None,
    by_file: bool = False,
    families: Mapping[str, Iterable[str]] | None = None,
    cluster: Literal["prompt", "matchup"] | None = None,
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> AgreementReport:
    """Hold one judge or several against people's votes, or against gold labels.

    `judged`: battles that judges decided, in any form that `rank` reads; run folders and files of verdicts,
    whose failures and both orders then count; Verdict records. Each `judge_model` is a judge; where rows name
    none, each file is one, and with `by_file` each file's judges are apart. `human`: people's battles, in any
    form that `rank` reads; `gold`: the same with one label for each matchup. Give one of the two. Rows of the
    other kind (`source`) in `judged` or `human` are left out.

    They are joined on the prompt and the two models, whoever is A. `on` is `question_id` or `prompt` (its
    text); by default the first of these by which something can be joined. `filter` and `human_filter` are SQL
    conditions over columns. `by` names the column of the categories.

    `families`: the models of a judge's own family, by judge; by default names tell. `cluster`: what the
    bootstrap resamples, prompts or matchups; by default prompts if there are 20 or more. `rounds`, `level`
    and `seed` make the intervals.

    Raises:
        DataError: what cannot be read, with its place; nothing that can be joined.
        UsageError: an argument that makes no sense.
    """
    if (human is None) == (gold is None):
        raise UsageError("give either human, people's votes, or gold, labels that are right")
    options = AgreeOptions(
        on=on,
        by=by,
        filter=filter,
        human_filter=human_filter,
        by_file=by_file,
        families=families,
        cluster=cluster,
        rounds=rounds,
        level=level,
        seed=seed,
    )
    reference: Any = human if gold is None else gold
    return AgreementReport(
        find_agreement(judged, reference, is_gold=gold is not None, options=options, kin=families_of)
    )
