"""Templates: a system text and a user text with places for the judged texts.

A text with `{{ … }}` or `{% … %}` is Jinja2, rendered in its sandbox, where a name that does not exist
is an error. Any other text has simple places such as `{answer_a}`; other braces in it mean themselves.
The judged texts are values, never parts of a template.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from palestra.errors import ConfigError
from palestra.judges.fence import RULE
from palestra.judges.protocols.base import MATERIAL, ROLE, last_words
from palestra.judges.view import ALIASES, VARIABLES, values
from palestra.records.prompt import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jinja2.sandbox import SandboxedEnvironment

    from palestra.judges.fence import Fence
    from palestra.judges.protocols.base import Reading, Unreadable
    from palestra.records.matchup import Matchup, Order
    from palestra.records.prompt import Prompt
    from palestra.records.response import Response

_PLACE = re.compile(r"\{(" + "|".join((*VARIABLES, *ALIASES, "answer")) + r")\}")
_REFERENCE = re.compile(r"\breference\b")
_HINT = f"a template may use {', '.join(VARIABLES)}"


@dataclass(frozen=True)
class Template:
    """A system text and a user text.

    Raises:
        ConfigError: at the first rendering, if a text is no template or names something that is not
            there; with file and line.
    """

    system: str
    user: str
    path: Path | None = None
    """Where the user text comes from; None for the protocols' own."""

    @property
    def text(self) -> str:
        """Both texts in one."""
        return f"{self.system}\n\f\n{self.user}"

    @property
    def shows_reference(self) -> bool:
        """Whether the user text speaks of the reference answer."""
        return _REFERENCE.search(self.user) is not None

    def render(self, given: Mapping[str, str | None]) -> tuple[Message, Message]:
        """The system and the user message with the values in their places."""
        system, user = (part(given) for part in self._parts)
        return Message(role="system", content=system), Message(role="user", content=user)

    @cached_property
    def _parts(self) -> tuple[Callable[[Mapping[str, str | None]], str], ...]:
        return tuple(_compile(text, self.path) for text in (self.system, self.user))


@dataclass(frozen=True)
class Templated(ABC):
    """What the protocols share: they show the same material and end with their own way to answer."""

    own: Template | None = None
    """A template from a file, in place of the protocol's."""

    name: ClassVar[str]
    reply: ClassVar[str]
    """The part of the template that says how to answer."""
    telltale: ClassVar[str]
    """What a template that says so itself holds, in lower case."""
    json_schema: ClassVar[Mapping[str, Any] | None] = None
    top_logprobs: ClassVar[int | None] = None
    ties_equals: ClassVar[bool] = False
    shown: ClassVar[tuple[str, ...]] = ("answer_a", "answer_b")
    """What a template must show."""

    @property
    def template(self) -> str:
        """All that is sent besides the judged texts and the mark."""
        return self._used.text

    @property
    def ending(self) -> str:
        """`reply`, where it depends on the protocol's settings."""
        return self.reply

    @property
    def settings(self) -> Mapping[str, Any]:
        """What else decides how a reply is read."""
        return {}

    def template_for(self, prompt: Prompt) -> str:
        """What of the template is sent for this prompt."""
        return self._sheet(prompt).text

    def shows_reference(self, prompt: Prompt) -> bool:
        """Whether the template for this prompt has a place for the reference answer."""
        return self._sheet(prompt).shows_reference

    def render(self, matchup: Matchup, order: Order, fence: Fence) -> tuple[Message, ...]:
        """The conversation to send."""
        return self._sheet(matchup.prompt).render(values(matchup, order, fence))

    def words(self, response: Response) -> str:
        """The reply's text."""
        return last_words(response.text)

    @abstractmethod
    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply. Never raises."""

    def _sheet(self, prompt: Prompt) -> Template:
        """The template for a prompt. Protocols that treat some prompts otherwise override it."""
        return self._used

    @cached_property
    def _used(self) -> Template:
        return self.own or Template(f"{ROLE}\n\n{RULE}", MATERIAL + self.reply)


def _given(given: Mapping[str, str | None], place: re.Match[str]) -> str:
    name = place.group(1)
    return given[name] or "" if name in given else place.group()


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # Prompts are no HTML: escaping would change what the judge reads.
    return SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)


def _compile(text: str, path: Path | None) -> Callable[[Mapping[str, str | None]], str]:
    if not any(sign in text for sign in ("{{", "{%", "{#")):
        return lambda given: _PLACE.sub(lambda place: _given(given, place), text)
    from jinja2 import TemplateError, TemplateSyntaxError

    try:
        template = _environment().from_string(text)
    except TemplateSyntaxError as error:
        message = f"this is no template: {error.message}"
        raise ConfigError(message, path=path, line=error.lineno, hint=_HINT) from None
    except (SyntaxError, ValueError, RecursionError, OverflowError, TemplateError) as error:
        raise ConfigError(f"this is no template: {error}", path=path, hint=_HINT) from None

    def render(given: Mapping[str, str | None]) -> str:
        try:
            return template.render(given)
        except (
            TemplateError,
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
            NotImplementedError,
        ) as error:
            raise ConfigError(f"the template cannot be filled: {error}", path=path, hint=_HINT) from None

    return render
