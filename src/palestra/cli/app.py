"""The command line's frame: finds the command, runs it, turns errors into messages and exit codes."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperGroup

from palestra.errors import PalestraError

if TYPE_CHECKING:
    import click

COMMANDS = {
    "demo": "A whole arena on embedded sample data: no key, no network.",
    "init": "Write a commented config; finds local Ollama models.",
    "check": "Validate a config, reach each endpoint, say what a run would cost.",
    "run": "Pair, generate, judge, rank; run it again and it goes on.",
    "rank": "Battles (or a run folder) in, leaderboard out.",
    "report": "Make a result folder into one offline HTML page.",
}
"""Command → one line of help. Each lives in `palestra.cli.<command>` as a function of that name."""


class LazyGroup(TyperGroup):
    """Imports a command only when it is asked for, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> Any:
        if name not in COMMANDS:
            return None
        if ctx.resilient_parsing or "--help" in sys.argv[1:2]:
            return typer.main.get_command(_placeholder(name))
        function = getattr(import_module(f"palestra.cli.{name}"), name)
        single = typer.Typer(add_completion=False)
        single.command(name, help=function.__doc__)(function)
        return typer.main.get_command(single)
