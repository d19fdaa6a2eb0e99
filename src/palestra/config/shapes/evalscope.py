"""EvalScope's arena mode: the settings of a task over the dataset `general_arena`."""

from __future__ import annotations

from pathlib import PurePath

from palestra.config.document import Builder, Document, Loc
from palestra.config.problems import shown
from palestra.config.shapes.common import (
    entries,
    mapping,
    needs,
    no_other_keys,
    put_key,
    type_of_address,
)

_ARENA: Loc = ("dataset_args", "general_arena")
_EXTRA: Loc = (*_ARENA, "extra_params")
_JUDGE: Loc = ("judge_model_args",)
_GENERATION = ("temperature", "top_p", "max_tokens", "seed", "timeout", "extra_body", "reasoning_effort")
_USED = ("dataset_args", "datasets", "judge_model_args", "judge_worker_num", "use_cache")
_STRONG_WEIGHT = 3


def matches(document: Document) -> bool:
    """Whether the file sets up `general_arena`, or holds that dataset's own parameters."""
    if document.get(_ARENA) is not None:
        return True
    datasets = document.get(("datasets",))
    if isinstance(datasets, list) and "general_arena" in datasets:
        return True
    models = document.get(("models",))
    return isinstance(models, list) and any(
        isinstance(entry, dict) and "report_path" in entry for entry in models
    )


def convert(document: Document) -> tuple[Document, tuple[str, ...]]:
    """Recorded models from the output folders, each against the baseline, judged in both orders.

    The prompts are those of the baseline's answers. Strong verdicts weigh 3, and intervals come from
    a bootstrap by prompt, as EvalScope has it.
    """
    builder = Builder(document)
    extra = _EXTRA if document.get(_ARENA) is not None or "datasets" in document.value else ()
    if extra:
        mapping(document, ("dataset_args",))
        no_other_keys(document, _ARENA, ("system_prompt", "prompt_template", "extra_params"))
        no_other_keys(document, _EXTRA, ("models", "baseline"))
    folders = _models(builder, (*extra, "models"))
    baseline = _baseline(builder, (*extra, "baseline"), folders)
    if baseline is not None:
        builder.put(("prompts", 0, "path"), folders[baseline], (*extra, "baseline"))
    _judge(builder)
    builder.put(("ranking", "ci"), "bootstrap", ())
    if document.get(("use_cache",)) is not None:
        builder.warnings.append(
            f"{document.spot(()).source}: use_cache is not read: what was answered and judged before is in "
            "Palestra's own database, and is not asked for again"
        )
    used = _USED if extra else (*_USED, "models", "baseline")
    builder.warn_unused((key for key in document.value if key not in used), document.spot(()).source)
    return builder.done()


def _models(builder: Builder, models: Loc) -> dict[str, str]:
    """Adds the models; returns each one's folder of answers by its name."""
    document = builder.source
    folders: dict[str, str] = {}
    for i, entry in enumerate(entries(document, models)):
        no_other_keys(document, entry, ("name", "report_path"))
        needs(document, entry, "name")
        needs(document, entry, "report_path")
        builder.put(("models", i), {}, entry)
        name, report = document.get((*entry, "name")), document.get((*entry, "report_path"))
        if not isinstance(report, str):
            raise document.spot((*entry, "report_path")).error(f"expected a path, got {shown(report)}")
        folders[str(name)] = _predictions(report)
        builder.put(("models", i, "label"), name, (*entry, "name"))
        builder.put(("models", i, "endpoint_type"), "recorded", entry)
        builder.put(("models", i, "path"), _predictions(report), (*entry, "report_path"))
    return folders


def _predictions(report_path: str) -> str:
    """`outputs/RUN/reports/MODEL` → `outputs/RUN/predictions/MODEL`, where the answers are."""
    parts = PurePath(report_path).parts
    if "reports" not in parts:
        return report_path
    last = len(parts) - 1 - parts[::-1].index("reports")
    return str(PurePath(*parts[:last], "predictions", *parts[last + 1 :]))


def _baseline(builder: Builder, origin: Loc, folders: dict[str, str]) -> str | None:
    baseline = builder.source.get(origin)
    builder.put(("schedule", "swap"), "both-keep", ())
    if baseline is None:
        return next(iter(folders), None)
    builder.put(("schedule", "kind"), "baseline", origin)
    builder.put(("schedule", "baseline"), baseline, origin)
    if not isinstance(baseline, str) or baseline not in folders:
        raise builder.source.spot(origin).error(
            f"no model is named {shown(baseline)}; there are: {', '.join(folders)}"
        )
    builder.put(("ranking", "anchor"), {baseline: 1000}, origin)
    return baseline


def _judge(builder: Builder) -> None:
    document, loc = builder.source, ("judges", 0)
    arguments = mapping(document, _JUDGE)
    if not arguments:
        return
    needs(document, _JUDGE, "model_id")
    builder.put(loc, {}, _JUDGE)
    builder.copy((*loc, "model"), (*_JUDGE, "model_id"))
    address = document.get((*_JUDGE, "api_url"))
    base_url = (
        address.removesuffix("/").removesuffix("/chat/completions") if isinstance(address, str) else address
    )
    builder.put((*loc, "base_url"), base_url, (*_JUDGE, "api_url"))
    kind = "openai" if address is None else type_of_address(address).value
    builder.put((*loc, "endpoint_type"), kind, _JUDGE)
    put_key(builder, loc, (*_JUDGE, "api_key"))
    builder.copy((*loc, "system_prompt"), (*_JUDGE, "system_prompt"))
    builder.copy((*loc, "system_prompt"), (*_ARENA, "system_prompt"))
    builder.copy((*loc, "template_text"), (*_ARENA, "prompt_template"))
    builder.put((*loc, "strong_weight"), _STRONG_WEIGHT, _JUDGE)
    builder.put((*loc, "judge_own_family"), True, _JUDGE)
    generation: Loc = (*_JUDGE, "generation_config")
    for key in mapping(document, generation):
        if key in _GENERATION:
            builder.copy((*loc, key), (*generation, key))
    builder.copy((*loc, "concurrency"), ("judge_worker_num",))
    source = document.spot(()).source
    used = ("model_id", "api_url", "api_key", "system_prompt", "generation_config")
    left = [f"judge_model_args.{key}" for key in arguments if key not in used]
    left += [
        f"judge_model_args.generation_config.{key}"
        for key in mapping(document, generation)
        if key not in _GENERATION
    ]
    builder.warn_unused(left, source)
