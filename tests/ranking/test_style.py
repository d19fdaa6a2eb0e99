from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.errors import UsageError
from palestra.ranking.style import FEATURES, differences, standardise, style_of

ANSWER = """# Title

Some **bold words** and __more__ of them, not 2 * 3 * 4 nor snake_case_names.

- one
* two
  + three
1. four
2) five
-not an item

###### Small
####### no header
#nor this

```python
# a comment
- 1
**kwargs
```
"""


def test_markdown_outside_fenced_code_is_counted() -> None:
    assert style_of(ANSWER) | {"tokens": 0} == {"tokens": 0, "headers": 2, "lists": 5, "bold": 2}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n\t", 0),
        ("The cat sat on the mat.", 7),
        ("internationalisation", 4),
        ("don't", 3),
        ("1234567", 2),
        ("漢字かな", 4),
        ("漢字abc", 3),
        ("x := 3;", 5),
        ("🦙🦙", 2),
    ],
)
def test_tokens_are_approximated(text: str, tokens: int) -> None:
    assert style_of(text)["tokens"] == tokens


@pytest.mark.parametrize(
    ("text", "feature", "count"),
    [
        ("   ## three blanks", "headers", 1),
        ("    ## code by four blanks", "headers", 0),
        ("text\n# header", "headers", 1),
        ("**a** **b**", "bold", 2),
        ("**a\nb**", "bold", 0),
        ("****", "bold", 0),
        ("```\n# open to the end", "headers", 0),
        ("12345678901. year", "lists", 0),
        ("---", "lists", 0),
    ],
)
def test_what_counts_as_markdown(text: str, feature: str, count: int) -> None:
    assert style_of(text)[feature] == count


def test_long_lines_of_signs_are_counted_in_linear_time() -> None:
    """Patterns that look back and forth would never end here."""
    for text in ("**a " * 50_000, "__" * 50_000, "`" * 100_000, "#" * 100_000, " " * 100_000 + "x"):
        style_of(text)


def test_lmarena_takes_differences_relative_to_sums() -> None:
    a, b = np.array([[300.0, 0, 4, 1]]), np.array([[100.0, 0, 0, 3]])
    assert differences(a, b).tolist() == [[0.5, 0.0, 1.0, -0.5]]


def test_arena_hard_compares_densities() -> None:
    """100 and 50 tokens, 10 headers each: .1 and .2 per token, so −.1 / 1.3."""
    a, b = np.array([[100.0, 10, 0, 5]]), np.array([[50.0, 10, 0, 0]])
    expected = [[50 / 150, -0.1 / 1.3, 0.0, 0.05 / 1.05]]
    assert differences(a, b, "arena-hard") == pytest.approx(np.array(expected))


def test_empty_answers_have_no_density() -> None:
    a, b = np.zeros((1, 4)), np.array([[10.0, 5, 0, 0]])
    assert differences(a, b, "arena-hard") == pytest.approx(np.array([[-1.0, -0.5 / 1.5, 0, 0]]))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'arena-hard'"):
        differences(np.zeros((1, 4)), np.zeros((1, 4)), "arenahard")  # type: ignore[arg-type]


counts: st.SearchStrategy[np.ndarray] = st.lists(
    st.tuples(*[st.integers(0, 5000)] * 8), min_size=1, max_size=20
).map(np.array)


@given(counts, st.sampled_from(["lmarena", "arena-hard"]))
def test_turning_a_battle_round_turns_the_signs(rows: np.ndarray, kind: str) -> None:
    a, b = rows[:, :4].astype(float), rows[:, 4:].astype(float)
    forth, back = differences(a, b, kind), differences(b, a, kind)  # type: ignore[arg-type]
    assert np.array_equal(forth, -back)
    assert np.all(np.abs(forth) <= 1)
    assert np.array_equal(standardise(forth).x, -standardise(back).x)


def test_standardised_features_have_a_root_mean_square_of_one() -> None:
    raw = np.array([[3.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    plain, centred = standardise(raw), standardise(raw, centred=True)
    assert np.sqrt((plain.x**2).mean(axis=0)) == pytest.approx([1.0, 0.0])
    assert (plain.centre.tolist(), plain.spread[1]) == ([0.0, 0.0], 1.0)
    assert centred.x.mean(axis=0) == pytest.approx([0.0, 0.0])
    assert centred.x[:, 0].std() == pytest.approx(1.0)
    assert centred.x * centred.spread + centred.centre == pytest.approx(raw)
    assert standardise(np.zeros((0, 4))).x.shape == (0, len(FEATURES))
