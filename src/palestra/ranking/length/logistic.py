"""Logistic regression with soft labels on a handful of columns, with robust errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats

_STEPS = 60
_SMALL = 1e-6
"""A step in log-odds; Newton squares the error."""
_OWN = 1e-10
"""A column of which the ones before it leave less than this share unexplained has no coefficient."""


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A fit of n rows and F columns: P(1) = sigmoid(x·b)."""

    coefficients: Floats
    """(F,); 0 for a column that the columns before it determine."""
    influence: Floats
    """What each row moved the coefficients by, to first order, (n, F): (Σ v·x·xᵀ)⁻¹·w·(y − p)·x. The sum of
    their squares is the robust variance (Huber 1967); by cluster, sum within clusters first."""
    separated: bool
    """No finite coefficients fit, and the given ones rest on one drawn observation of each column."""


def fit_logistic(x: Floats, share: Floats, weight: Floats) -> Logistic:
    """Maximise Σ w·(y·log p + (1 − y)·log(1 − p)) by Newton's method.

    `x` (n, F), `share` in [0, 1] and `weight` ≥ 0, (n,). Where the columns settle the labels for certain
    there is no maximum; then each column gets one observation of its typical size, half a win and half a
    loss, of the rows' mean weight. Without rows every coefficient is 0.
    """
    scale = np.sqrt(np.square(x).sum(axis=0) / max(len(x), 1))
    x = x / np.where(scale > 0, scale, 1.0)
    kept = _independent(x * np.sqrt(weight)[:, np.newaxis])
    coefficients = np.zeros(x.shape[1])
    influence = np.zeros(x.shape)
    used = x[:, kept]
    found, inverse = _newton(used, share, weight)
    separated = found is None
    if separated:
        extra = np.eye(int(kept.sum()))
        mean = np.full(len(extra), weight[weight > 0].mean())
        found, inverse = _newton(
            np.concatenate([used, extra]), np.r_[share, np.full(len(extra), 0.5)], np.r_[weight, mean]
        )
    if found is not None:
        coefficients[kept] = found / scale[kept]
        residual = weight * (share - sigmoid(used @ found))
        influence[:, kept] = residual[:, np.newaxis] * (used @ inverse) / scale[kept]
    return Logistic(coefficients, influence, separated)


def sigmoid(odds: Floats) -> Floats:
    """1 / (1 + exp(−odds))."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * odds)))


def _independent(x: Floats) -> Bools:
    """Which columns the ones before them do not determine, (F,)."""
    kept = np.zeros(x.shape[1], dtype=bool)
    rest = x.copy()
    for column in range(x.shape[1]):
        whole, left = float(x[:, column] @ x[:, column]), rest[:, column].copy()
        size = float(left @ left)
        if whole > 0 and size > _OWN * whole:
            kept[column] = True
            rest -= np.outer(left, left @ rest / size)
    return kept


def _newton(x: Floats, share: Floats, weight: Floats) -> tuple[Floats | None, Floats]:
    """The coefficients, or None where there is no end, and the inverse of minus the Hessian."""
    b = np.zeros(x.shape[1])
    inverse: Floats = np.zeros((b.size, b.size))
    if not b.size:
        return b, inverse
    before = _log_likelihood(x @ b, share, weight)
    for _ in range(_STEPS):
        p = sigmoid(x @ b)
        bend = (x * (weight * p * (1.0 - p))[:, np.newaxis]).T @ x
        if np.linalg.cond(bend) > 1e14:
            return None, inverse
        inverse = np.asarray(np.linalg.inv(bend), dtype=np.float64)
        step = inverse @ (x.T @ (weight * (share - p)))
        for _ in range(60):
            after = _log_likelihood(x @ (b + step), share, weight)
            if after >= before - 1e-12 * (1.0 + abs(before)):
                break
            step = step / 2
        b, before = b + step, after
        if float(np.abs(x @ step).max(initial=0.0)) < _SMALL:
            return b, inverse
    return None, inverse


def _log_likelihood(odds: Floats, share: Floats, weight: Floats) -> float:
    return float(weight @ (share * odds - np.logaddexp(0.0, odds)))
