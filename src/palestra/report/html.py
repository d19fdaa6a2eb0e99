"""The one-file HTML report: no request leaves it, and no text of a model can run in it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from palestra.errors import DataError
from palestra.report import words
from palestra.report.axis import axis_for
from palestra.report.page import Page, duration, gather, moment, money
from palestra.report.read import open_folder

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

    from palestra.records.rating import Leaderboard

HEAT_STEPS = 10
"""Shades from a sure loss (0) over even (5) to a sure win (10)."""

_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Make the result folder into one HTML file, `report.html` inside it unless `out` says otherwise.

    The file appears whole or not at all. Returns its path.

    Raises:
        DataError: the folder is not a whole result folder, or the file cannot be written.
    """
    target = folder / "report.html" if out is None else out
    html = render(gather(open_folder(folder)))
    if target.is_dir():
        raise DataError("a folder, not a file", path=target, hint="name the file to write")
    if not target.parent.is_dir():
        raise DataError("no such folder", path=target.parent, hint="make it first")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(html, encoding="utf-8", newline="")
        temporary.replace(target)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", path=target) from error
    finally:
        temporary.unlink(missing_ok=True)
    return target


def render(page: Page) -> str:
    """The page as HTML."""
    style, script = _part("report.css"), _part("report.js")
    template = _environment().get_template("report.html.j2")
    return template.render(
        page=page,
        style=style,
        script=script,
        policy=_policy(style, script),
        data=embedded(page.battles),
    )


def embedded(data: Any) -> str:
    """JSON that can stand inside a script element: no `<`, `>`, `&` or JavaScript line break is left."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_UNSAFE)


def heat(share: float) -> int:
    """Which shade a share of the win in [0, 1] has, from 0 to `HEAT_STEPS`."""
    return round(min(1.0, max(0.0, share)) * HEAT_STEPS)


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _part(name: str) -> str:
    return files("palestra.report").joinpath("templates", name).read_text(encoding="utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        visible=words.visible,
        number=words.number,
        whole=partial(words.number, decimals=0, thousands=True),
        count=words.count,
        percent=words.percent,
        span=words.span,
        moment=moment,
        duration=duration,
        money=money,
        heat=heat,
    )
    environment.globals.update(
        axis_for=axis_for,
        decimals_for=board_decimals,
        method_line=words.method_line,
        interval_line=words.interval_line,
        counts_line=words.counts_line,
    )
    return environment


def board_decimals(board: Leaderboard) -> int:
    """Decimals for a board's ratings: none where every interval is wide, as more would say nothing."""
    widths = [
        rating.ci_high - rating.ci_low
        for rating in board.ratings
        if rating.ci_low is not None and rating.ci_high is not None
    ]
    return 0 if widths and min(widths) >= 8 else words.decimals_of(board.ratings)
