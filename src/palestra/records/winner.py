"""Who won. The one place that knows the words; `ranking/counts.py` knows their numbers."""

from __future__ import annotations

from enum import StrEnum


class Winner(StrEnum):
    """The outcome of a battle or of one verdict."""

    A = "model_a"
    """Model A won."""
    B = "model_b"
    """Model B won."""
    TIE = "tie"
    """Neither won, and both are acceptable."""
    BOTH_BAD = "tie (bothbad)"
    """Neither won, and neither is acceptable."""

    @classmethod
    def parse(cls, text: str) -> Winner:
        """Read a winner as battle files spell it.

        Raises:
            ValueError: the word is not a winner; the message lists those that are.
        """
        try:
            return _WORDS[text]
        except KeyError:
            raise ValueError(f"unknown winner {text!r}; expected one of {', '.join(_WORDS)}") from None

    def swapped(self) -> Winner:
        """The same outcome with A and B exchanged."""
        if self is Winner.A:
            return Winner.B
        if self is Winner.B:
            return Winner.A
        return self

    @property
    def share(self) -> float:
        """A's share of the win: 1, 0, or ½ for either kind of tie."""
        return {Winner.A: 1.0, Winner.B: 0.0}.get(self, 0.5)


_WORDS: dict[str, Winner] = {
    "model_a": Winner.A,
    "model_b": Winner.B,
    "tie": Winner.TIE,
    "tie (bothbad)": Winner.BOTH_BAD,
    "both_bad": Winner.BOTH_BAD,
    "bothbad": Winner.BOTH_BAD,
}
