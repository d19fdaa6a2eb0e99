"""Battles in, training data out."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from palestra.errors import DataError
from palestra.interchange.exports.battle_filters import opened, unwanted
from palestra.interchange.exports.columns import columns
from palestra.interchange.exports.described import described
from palestra.interchange.exports.meeting_filters import unfit
from palestra.interchange.exports.meetings import meetings
from palestra.interchange.exports.normal import drawn, drawn_share
from palestra.interchange.exports.provenance import Provenance
from palestra.interchange.exports.report import ExportReport, Split
from palestra.interchange.exports.rows import rows_of
from palestra.interchange.exports.wishes import PAIRED
from palestra.interchange.exports.work import Workbook
from palestra.interchange.exports.writing import write
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from palestra.interchange.exports.described import Stated
    from palestra.interchange.exports.juries import Votes
    from palestra.interchange.exports.reading import BattleSource
    from palestra.interchange.exports.wishes import Wishes
    from palestra.interchange.exports.writing import Target

NEAR_ROWS = "nearly equal to another row"
TURNED_ROWS = "the contrary of a nearly equal row"
BALANCE = "so that the better answer is longer as often as shorter"
LIMIT = "beyond the limit"
_AT_ONCE = 1000
_SPLITS = {"train": False, "test": True}


@dataclass(slots=True)
class Export:
    """Rows that are ready to be written."""

    wishes: Wishes
    book: Workbook
    report: ExportReport = field(default_factory=ExportReport)
    provenance: Provenance = field(default_factory=Provenance)

    def write(self, target: Target, stated: Stated | None = None) -> list[Path]:
        """Write the rows, and in a folder the card. The files that were written.

        Raises:
            DataError: no row is left, or a file cannot be written.
        """
        if not self.report.rows:
            reasons = {**self.report.dropped_battles, **self.report.dropped_pairs, **self.report.dropped_rows}
            most = max(reasons, key=lambda why: (reasons[why], why), default=None)
            hint = None if most is None else f"most were left out as {most}: {reasons[most]:,}"
            raise DataError("no row is left to export", hint=hint)
        splits = {name: test for name, test in _SPLITS.items() if self._has(name, target)}
        bodies = {name: partial(self.book.bodies, test) for name, test in splits.items()}
        card = described(self.wishes, self.report, self.provenance, stated)
        return write(target, bodies, columns(self.wishes), card)

    def _has(self, split: str, target: Target) -> bool:
        """Whether a split gets a file: in a folder, only if it has rows; the hub reads no empty one."""
        held = self.report.splits.get(split)
        return held is not None and (held.rows > 0 or target.form != "folder")


@contextmanager
def exported(sources: Iterable[BattleSource], wishes: Wishes) -> Iterator[Export]:
    """The rows that battles make, held in a working copy as long as the block lasts.

    They depend on what battles there are and on the seed: not on the order of the battles, nor on which side
    a model was on. Their order is random, and the same for the same seed.

    Raises:
        UsageError: wishes that make no sense.
        DataError: battles that cannot be read.
        StoreError: there is no room for the working copy.
    """
    wishes.check()
    with Workbook.opened() as book:
        export = Export(wishes, book)
        _read(sources, export)
        _make(export)
        _choose(export)
        yield export


def _read(sources: Iterable[BattleSource], export: Export) -> None:
    report = export.report

    def kept() -> Iterator[tuple[bytes, str, str]]:
        for source in sources:
            for battle in source.battles:
                report.battles += 1
                reason = unwanted(battle, export.wishes)
                if reason is not None:
                    report.dropped_battles[reason] += 1
                    continue
                export.provenance.add(source.name, battle)
                key = drawn("prompt", 0, opened(battle.prompt or "", battle.response_a or ""))
                votes = source.votes(battle) if source.votes is not None else {}
                yield key, battle.json_line(), json.dumps(votes) if votes else ""

    export.book.put_battles(kept())


def _make(export: Export) -> None:
    """Make the rows, prompt by prompt."""
    found = _rows(export)
    while some := list(islice(found, _AT_ONCE)):
        export.book.put_rows(some)


def _rows(export: Export) -> Iterator[tuple[bytes, bytes, bool, int, str, str]]:
    wishes, report = export.wishes, export.report
    for prompt, bodies in export.book.prompts():
        report.prompts += 1
        kept = []
        for meeting in meetings(map(_judged, bodies)):
            report.pairs += 1
            reason = unfit(meeting, wishes)
            if reason is not None:
                report.dropped_pairs[reason] += 1
                continue
            report.resolved += meeting.is_contradicted
            kept.append(meeting)
        name = prompt.hex()
        test = drawn_share("split", wishes.seed, name) < wishes.test_share
        for row in rows_of(kept, wishes):
            report.made += 1
            texts = json.dumps(row.texts) if wishes.near is not None else ""
            body = json.dumps(row.data, ensure_ascii=False, allow_nan=False)
            yield drawn("order", wishes.seed, name, row.key), prompt, test, row.longer, texts, body


def _judged(told: tuple[str, str]) -> tuple[Battle, Votes]:
    body, votes = told
    return Battle.model_validate_json(body), json.loads(votes) if votes else {}


def _choose(export: Export) -> None:
    """Leave out rows, and count what is left."""
    wishes, report, book = export.wishes, export.report, export.book
    if wishes.near is not None:
        dropped = dict(_near(book, wishes.near, paired=wishes.kind in PAIRED))
        report.dropped_rows.update(dropped.values())
        book.drop(dropped)
    if wishes.balance:
        report.dropped_rows[BALANCE] = _balance(book)
    if wishes.limit is not None:
        report.dropped_rows[LIMIT] = _limit(book, wishes.limit, balanced=wishes.balance)
    counts = book.counts()
    for name, test in _SPLITS.items():
        if not test or wishes.test_share > 0:
            of = {longer: n for (which, longer), n in counts.items() if which is test}
            report.splits[name] = Split(sum(of.values()), book.n_prompts(test), of.get(1, 0), of.get(-1, 0))


def _near(book: Workbook, threshold: float, *, paired: bool) -> Iterator[tuple[int, str]]:
    """The rows that are nearly equal to one before them, or turn it round; by number, with the reason."""
    from palestra.interchange.exports.near import NearIndex

    index = NearIndex(threshold)
    for number, told in book.texts():
        texts = json.loads(told)
        if paired and index.holds([texts[0], texts[2], texts[1]]):
            yield number, TURNED_ROWS
        elif not index.add(texts):
            yield number, NEAR_ROWS


def _balance(book: Workbook) -> int:
    """Keep as many rows with a longer better answer as with a shorter one, in each split."""
    counts = book.counts()
    dropped = 0
    for test in _SPLITS.values():
        n = min(counts.get((test, 1), 0), counts.get((test, -1), 0))
        dropped += sum(book.keep_first(n, test=test, longer=longer) for longer in (1, -1))
    return dropped


def _limit(book: Workbook, limit: int, *, balanced: bool) -> int:
    """Keep so many rows at most; where lengths are balanced, the same share of each kind."""
    if not balanced:
        return book.keep_first(limit)
    counts = book.counts()
    total = sum(counts.values())
    if total <= limit:
        return 0
    return sum(
        book.keep_first(n * limit // total, test=test, longer=longer) for (test, longer), n in counts.items()
    )
