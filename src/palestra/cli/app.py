"""The `palestra` command: finds the subcommand, runs it, turns errors into messages and exit codes."""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from palestra.cli.agree import agree
from palestra.cli.check import check
from palestra.cli.compare import compare
from palestra.cli.convert import convert
from palestra.cli.demo import demo
from palestra.cli.export import export
from palestra.cli.init import init
from palestra.cli.place import place
from palestra.cli.plan import plan
from palestra.cli.plot import plot
from palestra.cli.push import push
from palestra.cli.rank import rank
from palestra.cli.report import report
from palestra.cli.run import run
from palestra.cli.serve import serve
from palestra.errors import PalestraError

COMMANDS = (
    demo,
    init,
    check,
    run,
    serve,
    place,
    rank,
    agree,
    compare,
    plan,
    plot,
    convert,
    export,
    report,
    push,
)

_DUCKDB_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of Ctrl-C, a RuntimeError."""


class _Group(TyperGroup):
    """Commands of which Ctrl-C is told; Typer by itself ends without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(_interrupted()) from None


app = typer.Typer(
    cls=_Group,
    help="An arena for language models: battles, judges, and rankings with honest uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command()(command)


def _show_version(asked: bool) -> None:
    if asked:
        from palestra._version import __version__

        typer.echo(f"palestra {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """An arena for language models: battles, judges, and rankings with honest uncertainty."""


def _interrupted() -> int:
    typer.echo("Stopped.", err=True)
    return 130


def _explain(error: typer.TyperException) -> None:
    """Say in one message what is wrong with a command line."""
    context = getattr(error, "ctx", None)
    command = "palestra" if context is None else context.command_path
    message = error.format_message().replace("Value error, ", "")  # pydantic's, before what typer says
    if message:  # it is empty where nothing was asked and the help has been shown
        typer.echo(f"Error: {message}\n  `{command} --help` says what there is", err=True)


def main() -> None:
    """Run the command line and exit with the code that belongs to what happened."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Files and pipes get UTF-8, as all that Palestra writes; a terminal, what it can show of it.
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")
    sys.exit(_run())


def _run() -> int:
    """Run the command line; returns the exit code. What went wrong is told, and let go of."""
    try:
        return app(prog_name="palestra", standalone_mode=False) or 0
    except typer.TyperException as error:
        _explain(error)
        return error.exit_code
    except PalestraError as error:
        typer.echo(f"Error: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:  # noqa: BLE001 - the last place before the user
        if str(error) == _DUCKDB_INTERRUPTED:
            return _interrupted()
        traceback.print_exc()
        typer.echo("This is a bug in Palestra; please report it with the lines above.", err=True)
        return 70
