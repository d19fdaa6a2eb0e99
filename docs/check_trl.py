"""Holds what `palestra export` writes against TRL: its data utilities, and a step of each trainer.

    python docs/check_trl.py BATTLES [--details] [--palestra COMMAND]

BATTLES is a file of battles or a run folder. TRL and PyTorch (the CPU build is enough) must be installed;
they are no part of Palestra's own environment, so COMMAND may be a `palestra` of another one. The model is
a tiny one with random weights, made here with its tokenizer; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

CASES = [
    (kind, style, prompt)
    for kind in ("dpo", "reward", "kto", "sft")
    for style in ("conversational", "plain")
    for prompt in ("explicit", "implicit")
    if not (kind == "kto" and prompt == "implicit")
]
MESSAGES = [{"role": "string", "content": "string"}]
CHAT = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{{ eos_token }}{% endfor %}" + (
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def expected(kind: str, style: str, prompt: str) -> dict[str, Any]:
    """Column → type, as TRL documents them."""
    said: Any = "string" if style == "plain" else MESSAGES
    if kind in ("dpo", "reward"):
        pair = {"chosen": said, "rejected": said}
        return pair if prompt == "implicit" else {"prompt": said, **pair}
    if kind == "kto":
        return {"prompt": said, "completion": said, "label": "bool"}
    if prompt == "implicit":
        return {"text": said} if style == "plain" else {"messages": said}
    return {"prompt": said, "completion": said}


def described(feature: Any) -> Any:
    """A feature of `datasets` in the same words."""
    if isinstance(feature, dict):
        return {name: described(part) for name, part in feature.items()}
    inner = getattr(feature, "feature", None)
    return feature.dtype if inner is None else [described(inner)]


def tokenizer() -> Any:
    """Bytes and a few words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<pad>", "<eos>", "<user>", "<assistant>", "<system>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        [], trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet)
    )
    found = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<eos>")
    found.chat_template = CHAT
    return found


def model(words: Any, folder: str, *, scores: bool) -> str:
    """The folder of a Llama of some ten thousand weights; with `scores` one that gives a number."""
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id,
        bos_token_id=None,
        num_labels=1,
    )
    made = LlamaForSequenceClassification(config) if scores else LlamaForCausalLM(config)
    made.save_pretrained(folder)
    return folder


def check_data(data: Any, kind: str, style: str, prompt: str, words: Any) -> None:
    """What the data utilities make of every row."""
    from trl import apply_chat_template, extract_prompt, is_conversational, unpair_preference_dataset

    for row in data:
        assert is_conversational(row) is (style == "conversational"), row
        if style == "conversational":
            told = apply_chat_template(row, words)
            assert all(isinstance(value, str | bool) for value in told.values()), told
        if kind in ("dpo", "reward") and prompt == "implicit":
            parts = extract_prompt(row)
            assert parts["prompt"], row
            assert all(parts["prompt"] + parts[name] == row[name] for name in ("chosen", "rejected"))
    if kind in ("dpo", "reward"):
        unpaired = unpair_preference_dataset(data)
        assert len(unpaired) == 2 * len(data)
        assert sum(unpaired["label"]) == len(data)


def train(data: Any, kind: str, words: Any, folder: str) -> float:
    """Two steps of the kind's trainer; the loss."""
    import trl

    name = {"dpo": "DPO", "reward": "Reward", "kto": "KTO", "sft": "SFT"}[kind]
    config = getattr(trl, f"{name}Config")(
        output_dir=f"{folder}/trained",
        max_steps=2,
        per_device_train_batch_size=4,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        save_strategy="no",
        max_length=512,
        disable_tqdm=True,
    )
    trainer = getattr(trl, f"{name}Trainer")(
        model=model(words, f"{folder}/{name}", scores=kind == "reward"),
        args=config,
        train_dataset=data,
        processing_class=words,
    )
    return float(trainer.train().training_loss)


def main() -> None:
    """Export, load, check and train, case by case."""
    import datasets
    import torch
    import transformers
    import trl

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("battles", type=Path)
    parser.add_argument("--details", action="store_true", help="with the columns that TRL does not know")
    parser.add_argument("--palestra", default="palestra")
    asked = parser.parse_args()
    versions = {part.__name__: part.__version__ for part in (trl, transformers, datasets, torch)}
    print(json.dumps(versions))
    words = tokenizer()
    datasets.disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        for kind, style, prompt in CASES:
            out = Path(folder) / f"{kind}-{style}-{prompt}"
            how = [
                "--style",
                style,
                "--prompt",
                prompt,
                "--test-share",
                "0.2",
                *["--details"][: asked.details],
            ]
            command = [asked.palestra, "export", kind, str(asked.battles), "-o", str(out), *how]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            data = datasets.load_dataset(str(out), cache_dir=f"{folder}/cache")
            found = {name: described(feature) for name, feature in data["train"].features.items()}
            wanted = expected(kind, style, prompt)
            assert {name: found[name] for name in wanted} == wanted, found
            assert asked.details is (len(found) > len(wanted)), found
            for split in data.values():
                check_data(split, kind, style, prompt, words)
            loss = train(data["train"], kind, words, folder)
            rows = {name: len(split) for name, split in data.items()}
            print(f"{kind} {style} {prompt}: {rows}, loss {loss:.3f}", flush=True)


if __name__ == "__main__":
    main()
