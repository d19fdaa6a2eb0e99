"""Errors say where, and not more than a screen can show."""

from __future__ import annotations

from palestra.errors import DataError


def test_an_error_begins_with_its_place_and_ends_with_what_to_do() -> None:
    error = DataError("is empty", path="b.csv", line=3, key="winner", hint="write one")
    assert str(error) == "b.csv:3: winner: is empty\n  write one"
    assert str(DataError("is empty", key="winner")) == "winner: is empty"


def test_what_a_file_holds_cannot_make_an_error_endless() -> None:
    long = "x" * 10**6
    error = DataError(f"unknown winner {long!r}", path="b.csv", key=long, hint=long)
    assert len(str(error)) < 12_100
    assert error.message.endswith("xxx…")
