"""A template of one's own; the chosen protocol's parser reads the replies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from palestra.errors import ConfigError
from palestra.judges.fence import RULE
from palestra.judges.protocols.template import Template
from palestra.judges.view import ALIASES, VARIABLES

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.judges.protocols.template import Templated

_PROBE = {name: f"0{number}0{number}0" for number, name in enumerate(VARIABLES, start=1)}
"""Values that no change of case, and hardly any filter, hides."""


def read_template(given: Path | str, protocol: type[Templated] | Templated) -> Template:
    """Read a template file, or take the text that is given: the user text of each call.

    The judge is also told of the fence. A template that does not say how to answer (no `[[`,
    no `score`, no `verdict`, as the protocol has it) ends with the protocol's own words on that.

    Raises:
        ConfigError: the file cannot be read, is no template, names something that is not there, or
            leaves out an answer.
    """
    path = None if isinstance(given, str) else given
    template = Template(RULE, given if isinstance(given, str) else _read(given), path)
    for reference in (_PROBE["reference"], None):
        probe: dict[str, str | None] = {**_PROBE, "reference": reference}
        probe |= {alias: probe[name] for alias, name in ALIASES.items()}
        if protocol.shown == ("answer",):
            probe = {name: text for name, text in probe.items() if not name.startswith("answer_")}
            probe["answer"] = _PROBE["answer_a"]
        filled = template.render(probe)[-1].content
        missing = [name for name in protocol.shown if str(probe[name]) not in filled]
        if missing:
            raise ConfigError(
                f"the template does not show {' and '.join(missing)}",
                path=path,
                hint=f"write {' and '.join(f'{{{{ {name} }}}}' for name in protocol.shown)} where it belongs",
            )
    if protocol.telltale in template.user.lower():
        return template
    ending = protocol.reply if isinstance(protocol, type) else protocol.ending
    return replace(template, user=f"{template.user.rstrip()}\n\n{ending}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError("the template is not UTF-8 text", path=path, line=line) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot read the template: {reason}", path=path) from None
