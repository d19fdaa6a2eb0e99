from __future__ import annotations

from palestra.records.base import Record


class Spend(Record):
    """What one model or judge did in a run, counted from the stored rows."""

    label: str
    role: str
    """`model` or `judge`."""
    endpoint_type: str
    calls: int
    ok: int
    failed: dict[str, int]
    """Failures by kind."""
    example: str | None = None
    """What the first failure said."""
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    """None if no price is known."""
    takes_seed: bool
    """Whether the provider takes a per-call seed; if not, a fresh draw is not repeatable."""


class Manifest(Record):
    """How a run folder came to be."""

    palestra: str
    """The version."""
    versions: dict[str, str]
    """Of Python and of the libraries that touch the numbers."""
    run_id: str
    arena: str
    seed: int
    config_hash: str
    prompt_hash: str
    template_hashes: dict[str, str]
    started: float
    finished: float
    complete: bool
    """False if the run was stopped by Ctrl-C or by `--max-cost`."""
    n_prompts: int
    n_matchups: int
    n_battles: int
    n_unjudged: int
    """Matchups that no judge saw, because an answer failed."""
    spend: tuple[Spend, ...]
    notes: tuple[str, ...] = ()
