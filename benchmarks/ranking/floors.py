"""What others need for the reading alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.ranking.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.ranking.task import Ratings


def duckdb_group() -> Task:
    """DuckDB reads three columns of a JSONL file and counts what is equal."""
    import duckdb

    def run(path: Path) -> Ratings:
        with duckdb.connect() as connection:
            connection.sql(
                f"SELECT model_a, model_b, winner, count(*) FROM read_json('{path}', "
                "format='newline_delimited', "
                "columns={'model_a': 'VARCHAR', 'model_b': 'VARCHAR', 'winner': 'VARCHAR'}) GROUP BY ALL"
            ).fetchnumpy()
        return {}

    return Task(run)
