"""One file per protocol: what the judge is told, and how its reply is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.judges.protocols.base import Protocol
    from palestra.judges.protocols.template import Templated


def make_protocol(name: str, *, template: Path | None = None, score_temperature: float = 0.3) -> Protocol:
    """The protocol of that name (`pairwise`, `scores`, `json`), with your own template if a file is given.

    Raises:
        ConfigError: the template file cannot be used.
    """
    from palestra.judges.protocols.custom import read_template
    from palestra.judges.protocols.json import Json
    from palestra.judges.protocols.pairwise import Pairwise
    from palestra.judges.protocols.scores import Scores

    kinds: dict[str, type[Templated]] = {"pairwise": Pairwise, "scores": Scores, "json": Json}
    own = None if template is None else read_template(template, kinds[name])
    if name == "scores":
        return Scores(own, temperature=score_temperature)
    return kinds[name](own)
