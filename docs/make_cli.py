"""Write docs/cli.md, the reference of every command and option: `python docs/make_cli.py`.

A test compares the file with what this makes.
"""

from __future__ import annotations

from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from palestra.cli.app import app

PAGE = Path(__file__).with_name("cli.md")
HEAD = """\
# Commands

<!-- Made by docs/make_cli.py from the commands' own help; changes belong there. -->

What each command and option means; `palestra COMMAND --help` says the same. [running.md](running.md) tells
how a run goes, and lists the exit codes.
"""


def page() -> str:
    """The text of docs/cli.md."""
    group = typer.main.get_group(app)
    context = typer.Context(group, info_name="palestra", help_option_names=["-h", "--help"])
    commands = [group.get_command(context, name) for name in group.list_commands(context)]
    known = [command for command in commands if command is not None]
    index = [f"- [`palestra {c.name}`](#palestra-{c.name}): {c.help}" for c in known]
    parts = [
        get_docs_for_click(obj=command, ctx=context, indent=1, call_prefix="palestra").rstrip() + "\n"
        for command in known
    ]
    return "\n".join([HEAD, *index, "", *parts]).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
