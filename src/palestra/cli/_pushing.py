"""What `palestra push` does: list, look for secrets, send."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from palestra.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.interchange.hub_files import HubFile
    from palestra.interchange.hub_upload import Target


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    to: str
    private: bool
    dry_run: bool
    licence: str | None
    ignore_findings: bool
    token_env: str
    endpoint: str | None


def push_folder(folder: Path, options: Options) -> None:
    """List what goes, and send it unless that is not wanted.

    Raises:
        PalestraError: something is wrong with the folder, the command line or the hub.
        typer.Exit: 130 after Ctrl-C.
    """
    from palestra.config.load import environment
    from palestra.interchange.hub_files import hub_files
    from palestra.interchange.hub_upload import HUB, parse_target
    from palestra.run.folder import ARTIFACTS

    env = environment(Path.cwd())
    target = parse_target(options.to, options.endpoint or env.get("HF_ENDPOINT") or HUB)
    is_run = (folder / "manifest.json").is_file()
    files = hub_files(folder, only=ARTIFACTS if is_run else None)
    card = _card(folder, files, target, options.licence, is_run=is_run)
    _say_what_goes(files, card, target, private=options.private)
    _look_for_secrets(files, env, ignore=options.ignore_findings)
    if options.dry_run:
        typer.echo("Nothing was sent (--dry-run).")
        return
    _require_hub()
    try:
        _send(files, card, target, env, options)
    except KeyboardInterrupt:
        typer.echo("Stopped. What was sent is kept: push again and it goes on.", err=True)
        raise typer.Exit(130) from None


def _card(
    folder: Path, files: Sequence[HubFile], target: Target, licence: str | None, *, is_run: bool
) -> bytes | None:
    """The README.md that is made now; None if the folder brings one."""
    if any(file.name == "README.md" for file in files):
        if licence is not None:
            raise UsageError(
                "--licence is for a card that is made now, and the folder has a README.md",
                hint="state the licence there",
            )
        return None
    title = target.repo_id.split("/")[1]
    if is_run:
        from palestra.interchange.hub_card import run_card

        return run_card(folder, title, licence=licence).encode()
    from palestra.interchange.exports.dataset_card import CardFacts, card

    summary = "Uploaded by Palestra. How the data was made is not known."
    return card(CardFacts(title=title, summary=summary, licence=licence)).encode()


def _say_what_goes(files: Sequence[HubFile], card: bytes | None, target: Target, *, private: bool) -> None:
    rows = [(file.name, file.size, "") for file in files]
    rows += [] if card is None else [("README.md", len(card), "  the card, made now")]
    width = max(len(name) for name, *_ in rows)
    typer.echo(f"To {target.url} ({'private' if private else 'public'} if it is made now):")
    for name, size, note in sorted(rows):
        typer.echo(f"  {name:<{width}}  {_size(size):>9}{note}")
    typer.echo(f"{len(rows)} files, {_size(sum(size for _, size, _ in rows))}")


def _look_for_secrets(files: Sequence[HubFile], env: Mapping[str, str], *, ignore: bool) -> None:
    from palestra.interchange.hub_files import find_secrets, own_secrets

    found = find_secrets(files, own_secrets(env))
    own = [finding for finding in found if finding.own]
    listed = "; ".join(str(finding) for finding in (own or found)[:5])
    more = f" and {len(own or found) - 5} more" if len(own or found) > 5 else ""
    if own:
        raise DataError(f"a secret would be uploaded: {listed}{more}", hint="take it out of the files first")
    if found and not ignore:
        raise DataError(
            f"something looks like a secret: {listed}{more}",
            hint="take it out of the files, or upload it all the same with --ignore-findings",
        )


def _require_hub() -> None:
    from importlib.util import find_spec

    if find_spec("huggingface_hub") is None:
        raise UsageError("uploading needs the extra `hub`", hint="pip install 'palestra[hub]'")


def _send(
    files: Sequence[HubFile],
    card: bytes | None,
    target: Target,
    env: Mapping[str, str],
    options: Options,
) -> None:
    if not target.endpoint.endswith("huggingface.co"):
        os.environ.setdefault("HF_HUB_DISABLE_XET", "1")  # other hubs speak plain LFS
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from palestra.interchange.hub_upload import find_token, upload

    if not sys.stderr.isatty():
        disable_progress_bars()
    token = find_token(options.token_env, env.get(options.token_env))
    done = upload(files, card, target, token, private=options.private, message="Upload by Palestra")
    seen = "private" if done.private else "public"
    if done.changed:
        typer.echo(f"Uploaded to {target.url} ({seen}), commit {done.commit[:10]}")
    else:
        typer.echo(f"Nothing has changed since the last upload to {target.url} ({seen})")


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} B" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"
