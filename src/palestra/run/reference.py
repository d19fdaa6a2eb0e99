"""How near each model's answers are to the prompts' reference answers, by dataset and subset.

The names are EvalScope's. Its own numbers come from other tokenizers (jieba, NLTK), so they differ by some.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from palestra.judges.metric import Words, answer_text, plain, spaced
from palestra.report.baseline_boards import subset_name
from palestra.report.baseline_metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sacrebleu.metrics.bleu import BLEU

    from palestra.records.prompt import Prompt
    from palestra.records.response import Response

_ROUGE = ("Rouge-1", "Rouge-2", "Rouge-L")
NAMES = (
    "exact_match",
    *(f"{name}-{part}" for name in _ROUGE for part in "RPF"),
    *(f"bleu-{n}" for n in (1, 2, 3, 4)),
)
"""In the order in which they are written: recall, precision, F1; BLEU of words, pairs, threes and fours."""


def scores(reference: str, answer: str) -> dict[str, float]:
    """Every metric of one answer, in [0, 1]; by `NAMES`.

    `exact_match` is 1 if the two are the same but for case, white space and how accents are encoded. ROUGE
    is that of Lin (2004), with letters, digits and their accents as words. `bleu-n` is the share of the
    answer's n-grams that are in the reference, each as often as it is there at most, times the brevity
    penalty (Papineni et al. 2002); not a mean over shorter n-grams.
    """
    known, given = (unicodedata.normalize("NFC", text) for text in (reference, answer))
    values = {"exact_match": float(plain(known) == plain(given))}
    theirs, ours = (Words().tokenize(text) for text in (known, given))
    values |= _overlap("Rouge-1", _grams_in_common(theirs, ours, 1), len(theirs), len(ours))
    values |= _overlap("Rouge-2", _grams_in_common(theirs, ours, 2), len(theirs) - 1, len(ours) - 1)
    values |= _overlap("Rouge-L", common_length(theirs, ours), len(theirs), len(ours))
    found = _bleu().sentence_score(spaced(given), [spaced(known)])
    for n, precision in enumerate(found.precisions, 1):
        values[f"bleu-{n}"] = min(found.bp * precision / 100.0, 1.0)
    return values


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, by whole rows as bits of a number (Hyyrö, AWOCA 2004).

    The table cell by cell, as rouge-score has it, takes minutes for a thousand long answers.
    """
    places: defaultdict[str, int] = defaultdict(int)
    for place, word in enumerate(one):
        places[word] |= 1 << place
    full = (1 << len(one)) - 1
    row = full
    for word in other:
        both = row & places.get(word, 0)
        row = ((row + both) | (row - both)) & full
    return len(one) - row.bit_count()


def _grams_in_common(one: Sequence[str], other: Sequence[str], n: int) -> int:
    counts = (Counter(zip(*(words[k:] for k in range(n)), strict=False)) for words in (one, other))
    first, second = counts
    return (first & second).total()


def _overlap(name: str, common: int, in_reference: int, in_answer: int) -> dict[str, float]:
    recall = common / in_reference if in_reference > 0 else 0.0
    precision = common / in_answer if in_answer > 0 else 0.0
    both = recall + precision
    return {
        f"{name}-R": recall,
        f"{name}-P": precision,
        f"{name}-F": 2 * recall * precision / both if both else 0.0,
    }


@cache
def _bleu() -> BLEU:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(smooth_method="none", effective_order=True)


@dataclass(slots=True)
class ReferenceScores:
    """Sums over the answers to prompts that have a reference."""

    _sums: defaultdict[tuple[str, str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, prompt: Prompt, responses: Iterable[Response]) -> None:
        """Score one prompt's answers. A failed one is left out, and so counts in no mean."""
        reference = prompt.reference
        if reference is None or not reference.strip():
            return
        for response in responses:
            if response.ok:
                place = (response.model, prompt.dataset or "", subset_name(prompt.subset))
                self._sums[place].update(scores(reference, answer_text(response.text)))
                self._counts[place] += 1

    def rows(self, models: Sequence[str]) -> Iterator[Metric]:
        """The means, by model as listed, then dataset and subset as met, then metric."""
        for model in models:
            for place, sums in self._sums.items():
                if place[0] == model:
                    n = self._counts[place]
                    _, dataset, subset = place
                    for name in NAMES:
                        yield Metric(model, dataset, name, subset, n, sums[name] / n)
