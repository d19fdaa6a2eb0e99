"""What `palestra serve` does: read the config, open the parts, say where the arena is, serve."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from palestra.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.schema import Config
    from palestra.server.context import Context
    from palestra.server.roster import Contestant
    from palestra.server.settings import ServerSettings

SAMPLE_DATABASE = "palestra-sample.db"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    config: Path | None
    runs: tuple[Path, ...]
    db: str | None
    overrides: tuple[str, ...]
    debug: bool

    @property
    def database(self) -> str:
        """Where everything is kept."""
        usual = SAMPLE_DATABASE if self.config is None else "palestra.db"
        return self.db or os.environ.get("PALESTRA_DB") or usual


def serve_arena(options: Options) -> None:
    """Serve until a signal ends it.

    Raises:
        PalestraError: something is wrong with what was asked for.
        typer.Exit: 130 after Ctrl-C.
    """
    with TemporaryDirectory(prefix="palestra-") as folder:
        config = _config(options, Path(folder))
        try:
            ended_by = _serve(config, options)
        except ConfigError as error:
            if error.path is None and options.config is not None:
                error.path = str(options.config)
            raise
    typer.echo("Stopped.", err=True)
    if ended_by == signal.SIGINT:
        raise typer.Exit(130)


def _config(options: Options, folder: Path) -> Config:
    from palestra.config.load import load_config
    from palestra.config.write import dump_config

    path = options.config
    if path is None:
        from palestra.config.schema import Config
        from palestra.server.sample import sample_config

        path = folder / "sample.yaml"
        path.write_text(dump_config(Config.model_validate(sample_config(folder))), encoding="utf-8")
    loaded = load_config(path, overrides=options.overrides)
    for warning in loaded.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    if options.config is not None and len(loaded.config.models) < 2:
        found = len(loaded.config.models)
        raise ConfigError(f"an arena needs two models or more, and {found} are listed", key="models")
    return loaded.config


def _serve(config: Config, options: Options) -> int | None:
    from palestra.cli._logging import set_up
    from palestra.config.load import environment
    from palestra.models.keys import keys_in_use
    from palestra.server.run import listen, new_loop, serve
    from palestra.server.settings import SECRET_VARIABLE, ServerSettings, find_admin_key

    env = environment(Path.cwd())
    admin_key, key_file = find_admin_key(config, env, options.database)
    secret = env.get(SECRET_VARIABLE, "").strip() or None
    if secret is not None and len(secret) < 16:
        raise UsageError(f"{SECRET_VARIABLE} is too short to be a secret; give it 16 characters or more")
    keys = keys_in_use((*config.models, *config.judges), env)
    set_up(debug=options.debug, secrets=(*keys, admin_key, *filter(None, [secret])), server=True)
    settings = ServerSettings(
        config=config,
        database=options.database,
        admin_key=admin_key,
        secret=secret,
        runs=tuple(path.absolute() for path in options.runs),
        sample=options.config is None,
        base_dir=Path.cwd(),
        env=env,
    )
    with listen(config.serve.host, config.serve.port) as sock:
        contestants = _prepare(settings)

        def announce(context: Context) -> None:
            _announce(context, sock.getsockname()[:2], key_file)

        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(serve(settings, sock, contestants=contestants, on_start=announce))


def _prepare(settings: ServerSettings) -> Sequence[Contestant] | None:
    """See that the result folders are some; the sample arena's models and battles, if it is that."""
    from palestra.report.read import open_folder

    for folder in settings.runs:
        open_folder(folder)
    if not settings.sample:
        return None
    from palestra.server.sample import sample_contestants, seed_sample
    from palestra.store.database import Database

    with Database(settings.database) as database:
        asyncio.run(seed_sample(settings.config, database, settings.base_dir))
    return sample_contestants(settings.config)


def _announce(context: Context, address: tuple[str, int], key_file: Path | None) -> None:
    from palestra.server.settings import LOOPBACK, shown_address

    settings = context.settings
    host, port = address
    url = shown_address(host, port)
    what = "The sample arena" if settings.sample else f"The arena {settings.config.arena.name!r}"
    typer.echo(f"{what} is at {url} (Ctrl-C stops it)")
    if settings.config.serve.host in LOOPBACK:
        typer.echo(f"It listens on {host}, so only this machine reaches it; --host 0.0.0.0 lets others in.")
    else:
        typer.echo(f"It listens on {host}: whoever reaches this machine reaches it.")
    if settings.sample:
        typer.echo(
            "Its five models do not exist; their answers are samples. With a config it serves your own."
        )
    if key_file is not None:
        typer.echo(f"The admin's key is in {key_file}")
