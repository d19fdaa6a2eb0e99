"""A judge that compares both answers with the prompt's reference answer."""

from __future__ import annotations

import asyncio
import re
import time
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from palestra.records.battle import Source
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import verdict_key
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.judges.base import Game
    from palestra.records.battle import Text

Name = Literal["exact", "rouge1", "rouge2", "rougeL", "bleu", "chrf"]
"""What is compared."""

_REMEMBERED = 1024
"""Scores kept in memory: the same answer meets several others, in two orders."""

_UNSPACED = re.compile(
    "(["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u30ff"  # Han radicals, CJK punctuation, Hiragana, Katakana
    "\u3100-\u312f\u31a0-\u31ff"  # Bopomofo, Katakana extensions
    "\u3400-\u9fff\uf900-\ufaff"  # Han
    "\uff00-\uffef"  # full-width forms
    "\U00020000-\U0003ffff"  # Han, rare
    "])"
)
"""A character of a script that puts no spaces between words."""
_ASCII_WORD = re.compile("[a-z0-9]+")


class MetricJudge:
    """The answer nearer to the reference wins; equal scores tie. No call is made."""

    def __init__(self, metric: Name, *, label: str | None = None) -> None:
        self._metric = metric
        self._label = label or metric
        self._score = lru_cache(maxsize=_REMEMBERED)(_compute)

    @property
    def label(self) -> str:
        """The name it goes by in battles."""
        return self._label

    @property
    def source(self) -> Source:
        """`metric`."""
        return Source.METRIC

    @property
    def takes_seed(self) -> bool:
        """True: the same texts always get the same verdict."""
        return True

    @property
    def is_free(self) -> bool:
        """True."""
        return True

    @property
    def template(self) -> None:
        """None: it is shown no text."""

    def key(self, game: Game) -> str:
        """The content key: metric, reference and the judged texts."""
        matchup = game.matchup
        texts = [matchup.response_a.text or "", matchup.response_b.text or ""]
        first, second = texts if game.order.value == "ab" else reversed(texts)
        identity = {"metric": self._metric, "reference": matchup.prompt.reference}
        return verdict_key(
            identity, "", matchup.prompt.messages, first, second, game.order.value, game.repeat
        )

    async def judge(self, game: Game) -> Verdict:
        """Score both answers. A prompt without a reference is a failure of kind `missing`."""
        matchup = game.matchup
        verdict = Verdict(
            key=game.key or self.key(game),
            question_id=matchup.prompt.question_id,
            model_a=matchup.response_a.model,
            model_b=matchup.response_b.model,
            order=game.order,
            repeat=game.repeat,
            judge_model=self._label,
            protocol=f"metric:{self._metric}",
            tstamp=time.time(),
        )
        reference = matchup.prompt.reference
        if reference is None or not reference.strip():
            failure = Failure(
                kind=FailureKind.MISSING, message="the prompt has no reference answer to compare with"
            )
            return verdict.model_copy(update={"failure": failure})
        texts = (answer_text(matchup.response_a.text), answer_text(matchup.response_b.text))
        # In a thread, so that long texts do not hold up other calls.
        a, b = await asyncio.to_thread(lambda: [self._score(self._metric, reference, text) for text in texts])
        winner = Winner.TIE if a == b else Winner.A if a > b else Winner.B
        return verdict.model_copy(update={"winner": winner, "score_a": a, "score_b": b})

    async def aclose(self) -> None:
        """Nothing to close."""


def score(metric: Name, reference: str, answer: str) -> float:
    """How near `answer` is to `reference`, in [0, 1]; rounded to 12 places.

    `exact`: 1 if the two are the same but for case, white space and how accents are encoded.
    `rouge1`, `rouge2`, `rougeL`: F1 of ROUGE (Lin 2004), with letters, digits and their accents as
    words, whatever the script. `bleu`: sentence BLEU (Papineni et al. 2002) with sacrebleu's 13a
    tokens, exponential smoothing and effective order. `chrf`: chrF2 (Popović 2015). In scripts
    without spaces each character counts as a word. An answer without a word scores 0.
    """
    return _compute(metric, reference, answer)


def _compute(metric: Name, reference: str, answer: str) -> float:
    value = _scorer(metric)(unicodedata.normalize("NFC", reference), unicodedata.normalize("NFC", answer))
    return round(min(max(value, 0.0), 1.0), 12)


def answer_text(text: Text | None) -> str:
    """The answer; of a conversation the last turn, which is what a reference belongs to."""
    if text is None or isinstance(text, str):
        return text or ""
    return text[-1].content if text else ""


@cache
def _scorer(metric: Name) -> Callable[[str, str], float]:
    if metric == "exact":
        return lambda reference, answer: float(plain(reference) == plain(answer))
    if metric == "bleu":
        return _bleu()
    if metric == "chrf":
        return _chrf()
    return _rouge(metric)


def plain(text: str) -> str:
    """What `exact` compares."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())


def spaced(text: str) -> str:
    """`text` with each character of a script without spaces as a word."""
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def _rouge(metric: str) -> Callable[[str, str], float]:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer([metric], tokenizer=Words())
    return lambda reference, answer: float(scorer.score(reference, answer)[metric].fmeasure)


def _bleu() -> Callable[[str, str], float]:
    from sacrebleu.metrics.bleu import BLEU

    scorer = BLEU(effective_order=True)
    return lambda reference, answer: scorer.sentence_score(spaced(answer), [spaced(reference)]).score / 100.0


def _chrf() -> Callable[[str, str], float]:
    from sacrebleu.metrics.chrf import CHRF

    scorer = CHRF()
    return lambda reference, answer: scorer.sentence_score(answer, [reference]).score / 100.0


class Words:
    """ROUGE's tokens: runs of letters and digits, in lower case.

    The package's own tokenizer knows only a to z and 0 to 9, so that two Greek texts share nothing and
    "café" loses its accent. On plain ASCII this one gives the same tokens.
    """

    def tokenize(self, text: str) -> list[str]:
        """The words of a text."""
        if text.isascii():
            return _ASCII_WORD.findall(text.lower())
        letters = (char if unicodedata.category(char)[0] in "LMN" else " " for char in text.lower())
        return spaced("".join(letters)).split()
