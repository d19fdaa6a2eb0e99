from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.judges.protocols.base import without_thinking


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("plain", "plain"),
        ("<think>hm</think>said", "said"),
        ("<thinking>hm</thinking>said", "said"),
        ("<THINK>hm</Think > said", "said"),
        ("before <think>hm</think> after", "before  after"),
        ("said <think>never closed", "said"),
        ("<think>never closed", ""),
        ("never opened</think>said", "said"),
        ("<think>a<think>b</think>c</think>said", "said"),
        ("<think>a</think>x<think>b</think>y", "xy"),
        ("<thinks>kept</thinks>", "<thinks>kept</thinks>"),
    ],
)
def test_thinking_is_cut(raw: str, kept: str) -> None:
    assert without_thinking(raw) == kept


@given(st.lists(st.sampled_from(["<think>", "</think>", "<thinking>", "</thinking>", "said"])))
def test_no_tag_is_left(parts: list[str]) -> None:
    assert "think" not in without_thinking("".join(parts))
