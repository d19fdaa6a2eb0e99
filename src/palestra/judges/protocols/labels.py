"""The five labels of a pairwise verdict, and how replies spell them."""

from __future__ import annotations

import html
import re

LABEL_SHARES = {"A>>B": 1.0, "A>B": 0.75, "A=B": 0.5, "B>A": 0.25, "B>>A": 0.0}
"""A's share of the win for each label."""

STRONG = frozenset({"A>>B", "B>>A"})
"""The labels of a strong verdict."""

_TURNED = {"A<<B": "B>>A", "A<B": "B>A", "B=A": "A=B", "B<A": "A>B", "B<<A": "A>>B"}


def read_label(text: str) -> str | None:
    """One of the five labels, from a spelling of it (`a > b`, `A&gt;B`, `B<A`, `[[A>B]]`), else None."""
    tight = re.sub(r"[\s\[\]*_`\\\"']", "", html.unescape(text)).upper()
    label = _TURNED.get(tight, tight)
    return label if label in LABEL_SHARES else None
