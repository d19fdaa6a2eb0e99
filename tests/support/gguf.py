"""Tiny language models, written on the spot as GGUF files that an unmodified llama.cpp runs.

`write_corpus` makes a model whose answers follow a known law: a judge with known odds. It is a `llama` file
of well under a megabyte, and the same arguments give the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Matrix = np.ndarray[Any, np.dtype[np.float32]]

UNKNOWN, START, STOP = 0, 1, 2
BYTES = range(3, 3 + 256)
ROLES = ("system", "user", "assistant")
MARKS = (*(f"<role:{role}>" for role in ROLES), "<end>")
ANSWER = BYTES.stop + ROLES.index("assistant")
"""The token after which the model's own turn begins."""
FIRST_WORD = BYTES.stop + len(MARKS)
SPACE = "\u2581"
"""How a SentencePiece vocabulary writes a space."""
TEMPLATE = (
    "{% for m in messages %}<role:{{ m['role'] }}>{{ m['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<role:assistant>{% endif %}"
)
CONTEXT = 65_536
HEAD_WIDTH, FEED_WIDTH = 32, 64
NEVER = -200.0
"""A logit that no sampler picks."""


@dataclass(frozen=True)
class Weights:
    """What differs between two tiny models; `width` is the size of a hidden state."""

    words: tuple[str, ...]
    width: int
    embedding: Matrix
    """(vocabulary, width)."""
    norm: Matrix
    """(width,): the scale after the last layer."""
    head: Matrix
    """(vocabulary, width)."""
    layer: Mapping[str, Matrix]
    """Attention and feed-forward matrices by their GGUF names."""


def write_corpus(path: Path, lines: Mapping[str, float], *, by_word: bool = True) -> None:
    """A model that answers with `lines` (text → weight), under neutral sampling.

    With `by_word` it is a bigram chain over words: each next word is drawn in proportion to its weight
    after the current one. Lines that share no word, or only a beginning, then come exactly in proportion to
    their weights. Without it a whole line is one token and the proportions are always exact. Whatever the
    prompt says is ignored.
    """
    chains = [(_pieces(text) if by_word else [text], weight) for text, weight in lines.items()]
    words = tuple(dict.fromkeys(piece for pieces, _ in chains for piece in pieces))
    place = {word: FIRST_WORD + i for i, word in enumerate(words)}
    odds: dict[int, dict[int, float]] = {}
    for pieces, weight in chains:
        steps = [ANSWER, *(place[piece] for piece in pieces), STOP]
        for here, there in pairwise(steps):
            after = odds.setdefault(here, {})
            after[there] = after.get(there, 0.0) + weight

    size = FIRST_WORD + len(words)
    column = {token: i for i, token in enumerate(odds)}
    width = 32 * math.ceil(len(column) / 32)
    embedding = np.zeros((size, width), np.float32)
    head = np.full((size, width), NEVER, np.float32)
    for token, i in column.items():
        embedding[token, i] = 1.0
        total = sum(odds[token].values())
        for after_token, weight in odds[token].items():
            head[after_token, i] = math.log(weight / total)
    # The last norm turns a one-hot state into √width times itself; its scale turns that back into 1,
    # so that the logits are the logarithms of the odds.
    norm = np.full(width, 1 / math.sqrt(width), np.float32)
    layer = {name: np.zeros(shape, np.float32) for name, shape in _shapes(width).items()}
    _write(path, Weights(words, width, embedding, norm, head, layer))


def _pieces(text: str) -> list[str]:
    """The words of a line; all but the first carry the space before them."""
    first, *rest = text.split(" ")
    return [first, *(SPACE + word for word in rest)]


def _shapes(width: int) -> dict[str, tuple[int, int]]:
    return {
        "attn_q": (HEAD_WIDTH, width),
        "attn_k": (HEAD_WIDTH, width),
        "attn_v": (HEAD_WIDTH, width),
        "attn_output": (width, HEAD_WIDTH),
        "ffn_gate": (FEED_WIDTH, width),
        "ffn_up": (FEED_WIDTH, width),
        "ffn_down": (width, FEED_WIDTH),
    }


def _write(path: Path, model: Weights) -> None:
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(model.width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_WIDTH)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD_WIDTH)
    writer.add_value_length(HEAD_WIDTH)
    writer.add_rope_dimension_count(HEAD_WIDTH)
    writer.add_layer_norm_rms_eps(1e-9)
    _add_vocabulary(writer, model.words)
    tensors = {
        "token_embd": model.embedding,
        "output_norm": model.norm,
        "output": model.head,
        "blk.0.attn_norm": np.ones(model.width, np.float32),
        "blk.0.ffn_norm": np.ones(model.width, np.float32),
        **{f"blk.0.{name}": matrix for name, matrix in model.layer.items()},
    }
    for name, tensor in tensors.items():
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: Any, words: Sequence[str]) -> None:
    from gguf import TokenType

    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *MARKS]
    tokens += [word.replace(" ", SPACE) for word in words]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    kinds += [TokenType.BYTE] * len(BYTES) + [TokenType.CONTROL] * len(MARKS)
    kinds += [TokenType.NORMAL] * len(words)
    writer.add_tokenizer_model("llama")
    writer.add_vocab_size(len(tokens))
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(rank) for rank in range(len(tokens))])
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_unk_token_id(UNKNOWN)
    writer.add_bos_token_id(START)
    writer.add_eos_token_id(STOP)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
