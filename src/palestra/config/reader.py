"""YAML text → `Document`. Only plain data comes out, whatever the file says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from palestra.config.document import Document, Loc, Spot, dotted, unusable
from palestra.errors import ConfigError

MAX_BYTES = 2_000_000
MAX_DEPTH = 50
MAX_VALUES = 100_000

_PLAIN = "tag:yaml.org,2002:"
_NOT_RESOLVED = (f"{_PLAIN}timestamp", f"{_PLAIN}value")
_EXPONENT = re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$")


def read_bytes(path: Path) -> bytes:
    """The file's bytes; a `ConfigError` says why they cannot be had."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ConfigError("is a folder; a config is a YAML file", path=path) from None
    except FileNotFoundError:
        hint = "`palestra init` writes one to start from"
        raise ConfigError("there is no such file", path=path, hint=hint) from None
    except PermissionError:
        raise ConfigError("may not be read: permission denied", path=path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot be read: {reason}", path=path) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"is larger than {MAX_BYTES // 1_000_000} MB; is it a config?", path=path)
    return data


def read_text(path: Path) -> str:
    """The file's text, which must be UTF-8 (a byte order mark is dropped)."""
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        seen = f"byte 0x{data[error.start]:02x}"
        raise ConfigError(f"is not UTF-8 text ({seen})", path=path, line=line) from None


def parse(text: str, path: Path) -> Document:
    """The document that `text`, the content of `path`, holds; its root is a mapping.

    Raises `ConfigError` for bad YAML, a key given twice, a key that is not text, a tag, an alias that
    refers to itself or multiplies beyond measure, and a root that is not a mapping.
    """
    with _plain_errors(text, path):
        root = yaml.compose(text, Loader=_Loader)
    if root is None:
        raise ConfigError("is empty", path=path, hint="`palestra init` writes a config to start from")
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(
            f"holds {_kind(root)} where a mapping was expected, such as `models: …`",
            path=path,
            line=root.start_mark.line + 1,
        )
    walk = _Walk(path)
    return Document(walk.value(root, ()), walk.spots)


def parse_value(text: str, source: str, key: str) -> Any:
    """The value that `text` means in YAML, for a flag: `0.2` is a number, `[a, b]` a list."""
    where = Path(source)
    try:
        with _plain_errors(text, where):
            node = yaml.compose(text, Loader=_Loader)
        return None if node is None else _Walk(where).value(node, ())
    except ConfigError as error:
        raise ConfigError(error.message, path=source, key=key) from None


class _Loader(yaml.SafeLoader):
    """PyYAML's, without dates (they stay text), with `1e-3` as a number, and with a limit on depth."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=self.get_mark())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag not in _NOT_RESOLVED]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(f"{_PLAIN}float", _EXPONENT, list("-+0123456789"))


class Dumper(yaml.SafeDumper):
    """PyYAML's, made to write text so that `_Loader` reads the same."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value out."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(f"{_PLAIN}str", text, style=None if text.isprintable() else '"')


Dumper.add_representer(str, _text)
Dumper.add_implicit_resolver(f"{_PLAIN}float", _EXPONENT, list("-+0123456789"))


@contextmanager
def _plain_errors(text: str, path: Path) -> Iterator[None]:
    """Turn PyYAML's errors into ours."""
    try:
        yield
    except yaml.reader.ReaderError as error:
        seen = f"U+{error.character:04X}"
        message = f"is not valid YAML: the character {seen} is not allowed"
        line_of_it = text.count("\n", 0, error.position) + 1
        raise ConfigError(message, path=path, line=line_of_it) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        said = _said(error)
        raise ConfigError(f"is not valid YAML: {said}", path=path, line=line, hint=_hint(said)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ConfigError(f"is not valid YAML: {error}", path=path) from None


def _said(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's words, with the line of what is not closed where the mistake shows up only further on."""
    problem, context = error.problem or "it cannot be read", error.context or ""
    if problem == "second occurrence":
        return context.replace("; first occurrence", ", named before")
    if problem.startswith("but ") and context:
        return f"{context}, {problem}"
    begun, shown = error.context_mark, error.problem_mark
    if begun is not None and shown is not None and begun.line < shown.line:
        return f"{problem}, in what begins on line {begun.line + 1}"
    return problem


def _hint(problem: str) -> str | None:
    if "'\\t'" in problem:
        return "YAML indents with spaces, not tabs"
    if "mapping values are not allowed" in problem:
        return "text with a colon and a space in it needs quotes; or a line is indented wrongly"
    if "expected a single document" in problem:
        return "a config is one YAML document; drop the `---` in the middle"
    return None


def _kind(node: Any) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "a mapping" if isinstance(node, yaml.MappingNode) else "one value"


class _Walk:
    """Makes plain data out of PyYAML's nodes, and notes each value's line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent
        self.spots: dict[Loc, Spot] = {}
        self._count = 0
        self._open: set[int] = set()
        self._scalars = yaml.constructor.SafeConstructor()

    def value(self, node: Any, loc: Loc, line: int | None = None) -> Any:
        self.spots[loc] = Spot(str(self.path), line or node.start_mark.line + 1, dotted(loc), self.folder)
        if isinstance(node, yaml.ScalarNode):
            self._counted(1, node)
            return self._scalar(node, loc)
        if node.tag not in (f"{_PLAIN}map", f"{_PLAIN}seq"):
            raise self._error(f"the tag {_tag(node)} is not allowed here", node, loc)
        with self._inside(node, loc):
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*loc, i)) for i, item in enumerate(node.value)]
            return self._mapping(node, loc)

    @contextmanager
    def _inside(self, node: Any, loc: Loc) -> Iterator[None]:
        """Guards against aliases that refer to themselves, nest too deeply or multiply."""
        if id(node) in self._open:
            raise self._error("an alias refers to what it is part of", node, loc)
        if len(self._open) > MAX_DEPTH:
            raise self._error("is nested too deeply", node)
        self._counted(1 + len(node.value), node)
        self._open.add(id(node))
        yield
        self._open.discard(id(node))

    def _counted(self, more: int, node: Any) -> None:
        self._count += more
        if self._count > MAX_VALUES:
            raise self._error(f"holds more than {MAX_VALUES} values once its aliases are written out", node)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = "<<" if key_node.tag == f"{_PLAIN}merge" else self._key(key_node, loc)
            if key in lines:
                raise self._error(f"is given twice, first on line {lines[key]}", key_node, (*loc, key))
            lines[key] = line
            if key_node.tag == f"{_PLAIN}merge":
                merged = self._merged(value_node, loc)
            else:
                own[key] = (value_node, line)
        entries = {key: pair for source in reversed(merged) for key, pair in source.items()} | own
        return {key: self.value(child, (*loc, key), line) for key, (child, line) in entries.items()}

    def _merged(self, node: Any, loc: Loc) -> list[dict[str, tuple[Any, int]]]:
        """The entries that `<<` brings in, from each mapping named, the first the strongest."""
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found = []
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                raise self._error("expected a mapping, or a list of them, to merge in", node, (*loc, "<<"))
            entries: dict[str, tuple[Any, int]] = {}
            with self._inside(source, loc):
                for key_node, value_node in source.value:
                    if key_node.tag == f"{_PLAIN}merge":
                        for inner in self._merged(value_node, loc):
                            entries = inner | entries
                    else:
                        entries[self._key(key_node, loc)] = (value_node, key_node.start_mark.line + 1)
            found.append(entries)
        return found

    def _key(self, node: Any, loc: Loc) -> str:
        value = self._scalar(node, loc) if isinstance(node, yaml.ScalarNode) else _kind(node)
        if not isinstance(value, str) or not isinstance(node, yaml.ScalarNode):
            seen = node.value if isinstance(node, yaml.ScalarNode) else value
            raise self._error(f"the key {seen!r} is not text; put it in quotes", node, loc)
        return value

    def _scalar(self, node: yaml.ScalarNode, loc: Loc) -> Any:
        kind = node.tag.removeprefix(_PLAIN)
        if kind not in ("null", "bool", "int", "float", "str"):
            raise self._error(f"the tag {_tag(node)} is not allowed here", node, loc)
        try:
            value = self._scalars.construct_object(node)
        except (ValueError, KeyError, IndexError, OverflowError):
            raise self._error(f"{node.value[:40]!r} is not {_ARTICLE[kind]}", node, loc) from None
        problem = unusable(value)
        if problem:
            raise self._error(problem, node, loc)
        return value

    def _error(self, message: str, node: Any, loc: Loc = ()) -> ConfigError:
        return ConfigError(message, path=self.path, line=node.start_mark.line + 1, key=dotted(loc) or None)


_ARTICLE = {
    "null": "null",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
}


def _tag(node: Any) -> str:
    return str(node.tag).replace(_PLAIN, "!!")[:60]
