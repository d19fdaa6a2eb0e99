"""Which battles are of the same prompt: they are not independent, and intervals allow for that."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.clusters import ALONE

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Ints


@lru_cache(4096)
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
    found = np.zeros(prompt.size, dtype=bool)
    found[: before.size] = before
    new = prompt[before.size :]
    names = np.unique(new[new != ALONE])
    if names.size:
        at = np.searchsorted(names, prompt)
        at[at == names.size] = 0
        here = np.flatnonzero(names[at] == prompt)
        times = np.bincount(at[here], minlength=names.size)
        found[here] = times[at[here]] > 1
    return found
