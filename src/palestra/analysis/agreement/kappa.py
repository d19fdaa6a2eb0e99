"""Agreement beyond chance: Cohen's and Fleiss' kappa.

Between x and y there is nothing to choose: which model is called x is an accident, and so is the share of
verdicts that go to x. `agree` therefore counts every matchup twice, once told as x against y and once as y
against x, so that only the share of ties is a habit of the rater. What is left of the chance part is

    p_e = t·u + (1 − t)(1 − u)/2

with t and u the two raters' shares of ties. `cohen_kappa` and `fleiss_kappa` are the textbook forms on any
categories; on such a doubled table they give the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from palestra.ranking.arrays import Floats


def beyond_chance(observed: Floats, expected: Floats) -> Floats:
    """(p_o − p_e) / (1 − p_e); NaN where chance alone explains everything."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (observed - expected) / (1.0 - expected)
    return np.asarray(np.where(expected < 1.0, found, np.nan))


def by_chance(ties: Floats, other_ties: Floats) -> Floats:
    """The chance that two raters with these shares of ties say the same, p_e of the module's text."""
    return np.asarray(ties * other_ties + (1.0 - ties) * (1.0 - other_ties) / 2)


def cohen_kappa(table: npt.ArrayLike) -> float:
    """Of two raters, from a table of counts, (categories, categories); NaN for an empty one.

    Cohen, Educ. Psychol. Meas. 20 (1960) 37: p_o is the share on the diagonal, p_e the sum over categories
    of the product of the two raters' shares.
    """
    counts = np.asarray(table, dtype=np.float64)
    whole = counts.sum()
    if not whole:
        return float("nan")
    expected = counts.sum(axis=0) @ counts.sum(axis=1) / whole**2
    return float(beyond_chance(np.asarray(counts.trace() / whole), np.asarray(expected)))


def fleiss_kappa(counts: npt.ArrayLike) -> float:
    """Of any number of raters, which may differ by item, from (items, categories) counts of ratings.

    With r raters of every item this is Fleiss, Psychol. Bull. 76 (1971) 378. With unequal numbers it is its
    extension by Gwet (Handbook of Inter-Rater Reliability, 4th ed. (2014), section 3.4): p_o is the mean,
    over items of two or more ratings, of the share of pairs of ratings that agree; the share of a category is
    the mean, over items of one or more, of its share in the item. NaN without an item of two.
    """
    table = np.asarray(counts, dtype=np.float64)
    raters = table.sum(axis=1)
    table, raters = table[raters > 0], raters[raters > 0]
    several = raters > 1
    if not several.any():
        return float("nan")
    r = raters[several]
    pairs = (table[several] * (table[several] - 1)).sum(axis=1) / (r * (r - 1))
    expected = np.square((table / raters[:, np.newaxis]).mean(axis=0)).sum()
    return float(beyond_chance(np.asarray(pairs.mean()), np.asarray(expected)))
