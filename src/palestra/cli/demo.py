from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The result folder.")] = Path("runs/demo"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """A whole arena on embedded sample data: no key, no network."""
    from palestra.cli._running import Options, run_arena
    from palestra.config.schema import Config
    from palestra.demo.data import demo_config

    typer.echo(
        "The sample arena: prompts, references and answers were written for this demo.\n"
        "The five models do not exist; no model is called, and no key or network is used.\n"
    )
    config = Config.model_validate(demo_config(out.absolute()))
    run_arena(config, Options(out=out, db=str(out / "palestra.db"), quiet=quiet))
    typer.echo(
        "\nThe answers above are samples. With real models: `palestra init` writes a config "
        "(it finds local Ollama models), `palestra run palestra.yaml` runs it."
    )
