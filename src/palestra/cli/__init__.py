"""The command line: one file per command, each imported only when it runs."""

from __future__ import annotations


def main() -> None:
    """The `palestra` command."""
    from palestra.cli.app import run

    run()
