"""Which battles are of the same prompt: they are not independent, and intervals allow for that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.clusters import ALONE

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Ints

_FEW = 16
"""New battles up to which those of the same prompt are looked for one by one; beyond, all are sorted."""


def prompt_number(question_id: str | None) -> int:
    """A number for a prompt, the same in every process: 63 bits of a hash. A battle without one is alone."""
    if question_id is None:
        return ALONE
    digest = hashlib.blake2b(question_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def shared(prompt: Ints, before: Bools) -> Bools:
    """Which of n battles share their prompt with another of them, (n,).

    `prompt` holds the number of each one's, (n,); `before` what was found of the first of them alone.
    """
    new = prompt[before.size :]
    if new.size > _FEW:
        names, position, times = np.unique(prompt, return_inverse=True, return_counts=True)
        times[names == ALONE] = 1
        return np.asarray(times[position] > 1)
    found = np.zeros(prompt.size, dtype=bool)
    found[: before.size] = before
    for number in np.unique(new[new != ALONE]).tolist():
        same = np.flatnonzero(prompt == number)
        found[same] = same.size > 1
    return found
