"""An arena of human battles: all of them as numbers, and the texts of those that are drawn.

Files stream through DuckDB; the conversations of an arena are never in memory but for the drawn ones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import DataError
from palestra.interchange.battle_reader import read_battles
from palestra.interchange.style_columns import fetch
from palestra.ranking.counts import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from palestra.interchange.battle_query import Labels, View
    from palestra.ranking.arrays import Bools, Ints

HUMAN = "coalesce(source, 'human') = 'human'"
ID = "coalesce(question_id, md5(prompt), battle_id)"
"""What battles on the same prompt share."""
CLUSTER = f"(hash({ID}) >> 2)::BIGINT"
"""62 bits; battles without an id are numbered from `_ALONE` on."""
_ALONE = 1 << 62
ALSO = ("source", "question_id", "battle_id", "prompt", "response_a", "response_b", "language", "flags")
USABLE = (
    "prompt IS NOT NULL AND response_a IS NOT NULL AND response_b IS NOT NULL "
    "AND NOT list_contains(coalesce(flags, []), 'images_left_out')"
)
"""Whether a battle can be drawn: one of pictures says nothing without them."""
TURNS = (
    "CASE WHEN ltrim(prompt) LIKE '[{%' THEN "
    'len(regexp_extract_all(prompt, \'"role"\\s*:\\s*"user"\')) ELSE 1 END'
)


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """The battles of an arena's models that fought often enough, n of them."""

    files: tuple[str, ...]
    rows: Rows
    """With clusters."""
    n_read: int
    """Human battles in the files."""
    left_out: dict[str, int]
    """Models with too few battles → how many they fought."""
    draws: Any
    """Per battle, (n,): what it is drawn by, as hex digits; the order of these is the order of drawing."""
    languages: Any
    """(n,), None where a battle has none."""
    prompt_chars: Ints
    """Characters of the prompt, (n,)."""
    turns: Ints
    """User turns, (n,)."""
    usable: Bools
    """Whether the battle has its prompt and both answers, (n,)."""

    @property
    def name(self) -> str:
        """What to call it: the files' stems."""
        from pathlib import Path

        return "+".join(Path(file).name.split(".")[0] for file in self.files)


def draw_key(seed: int) -> str:
    """SQL for what a battle is drawn by: it depends on the seed and on what the battle says, and not on where
    it stands.
    """
    return f"md5(concat_ws(chr(31), '{seed}', {ID}, model_a, model_b, winner))"


def read_arena(files: Sequence[str], *, seed: int, min_battles: int, labels: Labels | None = None) -> Arena:
    """Read an arena of battles in Palestra's columns.

    Models with fewer than `min_battles` human battles are left out with all their battles; they are counted
    once, before anyone is left out. `labels`: as in `count_battles`.

    Raises:
        DataError: a file that cannot be read, with its line, or fewer than two models are left.
    """
    parts, _ = read_battles(list(files), _reader(seed), filter=HUMAN, labels=labels, also=ALSO)
    rows = Rows.concat([rows for rows, _ in parts])
    columns = {name: np.concatenate([found[name] for _, found in parts]) for name in parts[0][1]}
    rows = replace(rows, cluster=_clusters(columns))
    other = rows.a != rows.b
    fought = np.bincount(rows.a[other], minlength=len(rows.models))
    fought = fought + np.bincount(rows.b[other], minlength=len(rows.models))
    often = fought >= min_battles
    keep = other & often[rows.a] & often[rows.b] & (rows.weight > 0)
    left_out = {name: int(n) for name, n, is_in in zip(rows.models, fought, often, strict=True) if not is_in}
    if int(often.sum()) < 2 or not keep.any():
        most = Counter(dict(zip(rows.models, fought.tolist(), strict=True))).most_common(1)
        told = f"; {most[0][0]} fought most, {most[0][1]}" if most else ""
        raise DataError(
            f"{int(often.sum())} models have {min_battles} human battles or more{told}",
            path=", ".join(map(str, files)),
            hint="ask for fewer with --min-battles (place.min_battles)",
        )
    return Arena(
        files=tuple(map(str, files)),
        rows=rows.take(keep),
        n_read=int(rows.a.size),
        left_out=left_out,
        draws=columns["draw"][keep],
        languages=columns["language"][keep],
        prompt_chars=columns["chars"][keep],
        turns=columns["turns"][keep],
        usable=columns["usable"][keep],
    )


def _reader(seed: int) -> Callable[[View], tuple[Rows, dict[str, Any]]]:
    def read(view: View) -> tuple[Rows, dict[str, Any]]:
        rows, _ = view.rows()
        found = fetch(
            view,
            f"{draw_key(seed)} AS draw, {CLUSTER} AS cluster, ({ID}) IS NULL AS alone, language, "
            f"coalesce(length(prompt), 0)::BIGINT AS chars, coalesce({TURNS}, 0)::BIGINT AS turns, "
            f"({USABLE}) AS usable",
        )
        languages = np.array(
            [None if value is None else str(value) for value in found["language"].tolist()], dtype=object
        )
        plain = {
            name: np.ma.filled(found[name], 0) for name in ("cluster", "alone", "chars", "turns", "usable")
        }
        return rows, {
            **plain,
            "draw": np.array(found["draw"].tolist(), dtype=object),
            "language": languages,
        }

    return read


def _clusters(columns: dict[str, Any]) -> Ints:
    """Battles of which nothing says the prompt are each alone."""
    alone = columns["alone"].astype(bool)
    number = columns["cluster"].astype(np.int64)
    return np.where(alone, _ALONE + np.cumsum(alone), number)
