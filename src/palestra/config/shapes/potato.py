"""Potato's Model Arena: the block `arena` of an annotation project's YAML file."""

from __future__ import annotations

from palestra.config.document import Builder, Document, Loc
from palestra.config.endpoint import EndpointType
from palestra.config.problems import shown
from palestra.config.shapes.common import entries, mapping, no_other_keys, put_key
from palestra.errors import nearest

_ALIASES = {
    "open_router": EndpointType.OPENROUTER,
    "openai_vision": EndpointType.OPENAI,
    "anthropic_vision": EndpointType.ANTHROPIC,
    "ollama_vision": EndpointType.OLLAMA,
}
_TYPES = {
    **{
        kind.value: kind
        for kind in EndpointType
        if kind not in (EndpointType.RECORDED, EndpointType.SCRIPTED)
    },
    **_ALIASES,
}
_TEMPERATURE = 0.7
_ENTRY = ("label", "endpoint_type", "model", "base_url", "temperature", "ai_config")
_SAMPLING = (
    "model",
    "base_url",
    "temperature",
    "max_tokens",
    "timeout",
    "top_p",
    "seed",
    "stop",
    "system_prompt",
    "reasoning_effort",
    "api_key_env",
)


def matches(document: Document) -> bool:
    """Whether the file has `arena.models`."""
    arena = document.get(("arena",))
    return isinstance(arena, dict) and "models" in arena


def convert(document: Document) -> tuple[Document, tuple[str, ...]]:
    """The arena's models and the admin's key; one warning names the other keys, which are not used."""
    builder = Builder(document)
    used = ("arena", "admin_api_key")
    builder.warn_unused((key for key in document.value if key not in used), document.spot(()).source)
    builder.copy(("serve", "admin_api_key"), ("admin_api_key",))
    no_other_keys(document, ("arena",), ("enabled", "name", "models"))
    _check_enabled(document, builder)
    builder.copy(("arena", "name"), ("arena", "name"))
    for i, entry in enumerate(entries(document, ("arena", "models"))):
        _model(builder, ("models", i), entry)
    return builder.done()


def _check_enabled(document: Document, builder: Builder) -> None:
    enabled = document.get(("arena", "enabled"))
    spot = document.spot(("arena", "enabled"))
    if enabled is False:
        builder.warnings.append(
            f"{spot.source}: arena.enabled is false; Palestra uses the models all the same"
        )
    elif enabled is not None and enabled is not True:
        raise spot.error(f"expected true or false, got {shown(enabled)}", hint="write it without quotes")


def _model(builder: Builder, loc: Loc, entry: Loc) -> None:
    document = builder.source
    no_other_keys(document, entry, _ENTRY)
    builder.put(loc, {}, entry)
    config = (*entry, "ai_config")
    ai_config = mapping(document, config)
    _endpoint_type(builder, loc, entry)
    builder.copy((*loc, "label"), (*entry, "label"))
    builder.put((*loc, "temperature"), _TEMPERATURE, entry)
    for key in _SAMPLING:
        builder.copy((*loc, key), (*config, key))
    for key in ("model", "base_url", "temperature"):
        builder.copy((*loc, key), (*entry, key))
    put_key(builder, loc, (*config, "api_key"))
    spot = document.spot(config)
    builder.warn_unused(
        (key for key in ai_config if key not in (*_SAMPLING, "api_key")),
        f"{spot.source}:{spot.line}: {spot.key}",
    )


def _endpoint_type(builder: Builder, loc: Loc, entry: Loc) -> None:
    origin = (*entry, "endpoint_type")
    spot, value = builder.source.spot(origin), builder.source.get(origin)
    if value is None:
        raise spot.error("is missing")
    kind = _TYPES.get(value) if isinstance(value, str) else None
    if kind is None:
        choices = nearest(value, _TYPES) if isinstance(value, str) else f"known: {', '.join(_TYPES)}"
        raise spot.error(f"{shown(value)} is no endpoint type; {choices}")
    builder.put((*loc, "endpoint_type"), kind.value, origin)
