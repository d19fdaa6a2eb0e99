"""Texts that are nearly equal: the share of word triples that two have in common (Jaccard's index).

A. Z. Broder, *On the resemblance and containment of documents* (1997), calls it resemblance. Among many texts
MinHash signatures with locality-sensitive hashing (datasketch) find the candidates, and the index itself, of
the triples' hashes, decides.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import UsageError
from palestra.interchange.exports.normal import normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WORDS = 3
_PERMUTATIONS = 128
_MISSED = 1e-3
"""The chance that two rows that are just similar enough are not held against each other."""
_SCHEME = "affine32"
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
"""Odd 64-bit numbers without a pattern."""


def triples(text: str, tag: str = "") -> NDArray[np.uint32]:
    """(n,) sorted hashes of the different triples of words in a text, normalised; of a shorter one, the hash
    of all of it. Texts of another tag have other hashes.
    """
    words = normal(text).split()
    start = zlib.crc32(tag.encode())
    if len(words) < _WORDS:
        return np.array(
            [zlib.crc32(" ".join(words).encode("utf-8", "surrogatepass"), start)], dtype=np.uint32
        )
    each = np.array(
        [zlib.crc32(word.encode("utf-8", "surrogatepass"), start) for word in words], dtype=np.uint64
    )
    count = len(words) - _WORDS + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for place, factor in enumerate(_FACTORS):
        mixed = (mixed ^ each[place : place + count]) * factor
        mixed ^= mixed >> np.uint64(29)
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def jaccard(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> float:
    """What two sets of hashes, sorted, have in common, as a share of both together, in [0, 1]."""
    shared = np.intersect1d(a, b, assume_unique=True).size
    return float(shared / (a.size + b.size - shared))


def similarity(a: str, b: str) -> float:
    """Of two texts, in [0, 1]."""
    return jaccard(triples(a), triples(b))


class NearIndex:
    """Rows that were kept, to find one that a further row nearly equals. A row is some texts, each in its
    place: texts of different places have nothing in common.
    """

    def __init__(self, threshold: float) -> None:
        """`threshold`: from which similarity on, in (0, 1], rows are nearly equal.

        Raises:
            UsageError: datasketch is not installed.
        """
        try:
            from datasketch import MinHash, MinHashLSH
        except ImportError:
            raise UsageError(
                "near-equal rows are found with datasketch, which is not installed",
                key="--near",
                hint="pip install 'palestra[export]', or leave --near out",
            ) from None
        self._threshold = threshold
        self._lsh = MinHashLSH(num_perm=_PERMUTATIONS, params=_bands(threshold))
        self._new = MinHash
        self._permutations = MinHash(num_perm=_PERMUTATIONS, seed=1, scheme=_SCHEME).permutations
        self._kept: list[NDArray[np.uint32]] = []

    def add(self, texts: Sequence[str]) -> bool:
        """Keep a row, unless one that was kept is nearly equal; whether it was kept."""
        found = _hashes(texts)
        signature = self._signature(found)
        if self._is_near(found, signature):
            return False
        self._lsh.insert(len(self._kept), signature)
        self._kept.append(found)
        return True

    def holds(self, texts: Sequence[str]) -> bool:
        """Whether a row that was kept is nearly equal."""
        found = _hashes(texts)
        return self._is_near(found, self._signature(found))

    def _is_near(self, found: NDArray[np.uint32], signature: Any) -> bool:
        candidates = self._lsh.query(signature)
        return any(jaccard(found, self._kept[number]) >= self._threshold for number in candidates)

    def _signature(self, hashes: NDArray[np.uint32]) -> Any:
        signature = self._new(
            num_perm=_PERMUTATIONS, seed=1, hashfunc=int, scheme=_SCHEME, permutations=self._permutations
        )
        signature.update_batch(hashes.tolist())
        return signature


def _hashes(texts: Sequence[str]) -> NDArray[np.uint32]:
    return np.unique(np.concatenate([triples(text, str(place)) for place, text in enumerate(texts)]))


def _bands(threshold: float) -> tuple[int, int]:
    """How many bands of how many hashes: the fewest candidates that miss no more than `_MISSED`.

    Two rows of similarity s share a band of r hashes with chance s^r, and none of b bands with (1 - s^r)^b:
    J. Leskovec, A. Rajaraman, J. Ullman, *Mining of Massive Datasets*, section 3.4.2.
    """
    sound = [
        rows
        for rows in range(1, _PERMUTATIONS // 2 + 1)
        if (1 - threshold**rows) ** (_PERMUTATIONS // rows) <= _MISSED
    ]
    rows = max(sound, default=1)
    return _PERMUTATIONS // rows, rows
