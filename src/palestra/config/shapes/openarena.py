"""OpenArena's `arena_config.yaml`: models, one judge that gives scores, datasets from the hub."""

from __future__ import annotations

from palestra.config.document import Builder, Document, Loc
from palestra.config.shapes.common import entries, mapping, needs, no_other_keys, put_key, type_of_address

_OLLAMA = "http://localhost:11434/v1/chat/completions"
_MODEL = ("name", "model_id", "endpoint")
_DATASET = ("name", "description", "split", "field", "limit")


def matches(document: Document) -> bool:
    """Whether the file has `judge_model` or `default_endpoint`."""
    return "judge_model" in document.value or "default_endpoint" in document.value


def convert(document: Document) -> tuple[Document, tuple[str, ...]]:
    """Models, judge and prompts, with the schedule and the ranking that OpenArena has built in.

    Each pair is judged once on each prompt, by scores from 1 to 10; ratings are Elo with K 32 from 1000
    and read the judge's share of the win.
    """
    no_other_keys(document, (), ("default_endpoint", "judge_model", "models", "datasets"))
    builder = Builder(document)
    for i, entry in enumerate(entries(document, ("models",))):
        _model(builder, ("models", i), entry)
    if mapping(document, ("judge_model",)):
        _model(builder, ("judges", 0), ("judge_model",))
        builder.put(("judges", 0, "protocol"), "openarena", ("judge_model",))
        builder.put(("judges", 0, "judge_own_family"), True, ("judge_model",))
        builder.put(("judges", 0, "soft"), True, ("judge_model",))
    for i, entry in enumerate(entries(document, ("datasets",))):
        no_other_keys(document, entry, _DATASET)
        needs(document, entry, "name")
        builder.put(("prompts", i), {}, entry)
        for key in _DATASET:
            builder.copy(("prompts", i, key), (*entry, key))
    builder.put(("schedule",), {"kind": "round-robin", "swap": "once"}, ())
    builder.put(("ranking",), {"method": "elo", "k": 32, "start": 1000, "ci": "bootstrap"}, ())
    return builder.done()


def _model(builder: Builder, loc: Loc, entry: Loc) -> None:
    document = builder.source
    no_other_keys(document, entry, _MODEL)
    needs(document, entry, "model_id")
    builder.put(loc, {}, entry)
    builder.copy((*loc, "label"), (*entry, "name"))
    builder.copy((*loc, "model"), (*entry, "model_id"))
    own = (*entry, "endpoint")
    endpoint = own if mapping(document, own) else ("default_endpoint",)
    no_other_keys(document, endpoint, ("url", "api_key"))
    origin = (*endpoint, "url")
    if document.get(origin) is None:
        origin = ("default_endpoint", "url")
    url = document.get(origin) or _OLLAMA
    builder.put((*loc, "url"), url, origin)
    builder.put((*loc, "endpoint_type"), type_of_address(url).value, origin)
    put_key(builder, loc, (*endpoint, "api_key"))
