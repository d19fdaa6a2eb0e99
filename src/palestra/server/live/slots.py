"""Slots have letters: a, b, …, z, aa, ab, …"""

from __future__ import annotations


def letter(slot: int) -> str:
    """The letters of a slot, counted from 0."""
    word = ""
    number = slot + 1
    while number:
        number, rest = divmod(number - 1, 26)
        word = chr(ord("a") + rest) + word
    return word


def letters(size: int) -> list[str]:
    """The letters of the first slots."""
    return [letter(slot) for slot in range(size)]
