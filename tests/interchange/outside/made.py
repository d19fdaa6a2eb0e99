"""Rows made to the published columns of each outside format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Row = dict[str, Any]
STYLE = {
    "tokens_a": 12,
    "headers_a": 3,
    "lists_a": 4,
    "bold_a": 5,
    "tokens_b": 21,
    "headers_b": 0,
    "lists_b": 0,
    "bold_b": 1,
}
METADATA = {
    "sum_user_tokens": 7,
    "sum_assistant_a_tokens": 12,
    "header_count_a": {"h1": 1, "h2": 2, "h3": 0, "h4": 0, "h5": 0, "h6": 0},
    "list_count_a": {"ordered": 1, "unordered": 3},
    "bold_count_a": {"**": 4, "__": 1},
    "context_a_tokens": 0,
    "sum_assistant_b_tokens": 21,
    "header_count_b": {"h1": 0, "h2": 0, "h3": 0, "h4": 0, "h5": 0, "h6": 0},
    "list_count_b": {"ordered": 0, "unordered": 0},
    "bold_count_b": {"**": 1, "__": 0},
    "context_b_tokens": 0,
    "turns": 1,
}


def tags(*names: str, criteria: int = 2) -> Row:
    kinds = ("complexity", "creativity", "domain_knowledge", "problem_solving", "real_world", "specificity",
             "technical_accuracy")  # fmt: skip
    return {
        "creative_writing_v0.1": {"creative_writing": "creative_writing" in names, "score": "no"},
        "criteria_v0.1": {kind: place < criteria for place, kind in enumerate(kinds)},
        "if_v0.1": {"if": "if" in names, "score": 2},
        "math_v0.1": {"math": "math" in names},
    }


def talk(*texts: str) -> list[Row]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]


def parts(*texts: str) -> list[Row]:
    """A conversation as in the 140k: contents are lists of parts."""
    return [
        {
            **message,
            "content": [{"type": "text", "text": message["content"], "image": None, "mimeType": None}],
        }
        for message in talk(*texts)
    ]


def lmarena_140k(**changes: Any) -> Row:
    return {
        "id": "vote-1",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "both_bad",
        "evaluation_session_id": "session-9",
        "evaluation_order": 1,
        "conversation_a": parts("How tall is a giraffe?", "Five metres."),
        "conversation_b": parts("How tall is a giraffe?", "**Very** tall."),
        "full_conversation": [],
        "conv_metadata": METADATA,
        "category_tag": tags("math", "if"),
        "language": "en",
        "is_code": False,
        "timestamp": "2025-05-01T12:00:00.250",
        **changes,
    }


def lmarena_100k(**changes: Any) -> Row:
    return {
        "question_id": "q-1",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "tie (bothbad)",
        "conversation_a": [
            {**one, "num_tokens": 3} for one in talk("Name a bird.", "Robin", "Another.", "Wren")
        ],
        "conversation_b": [
            {**one, "num_tokens": 3} for one in talk("Name a bird.", "Owl", "Another.", "Gull")
        ],
        "turn": 2,
        "anony": True,
        "language": "English",
        "tstamp": 1718000000.5,
        "conv_metadata": METADATA,
        "is_code": False,
        "is_refusal": False,
        "dedup_tag": {"high_freq": False, "sampled": True},
        "category_tag": tags(criteria=6),
        "judge_hash": "a1b2",
        **changes,
    }


def clean_battle(**changes: Any) -> Row:
    return {
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_b",
        "judge": "arena_user_7",
        "turn": 1,
        "anony": False,
        "language": "Dutch",
        "tstamp": 1690000000.25,
        **changes,
    }


def lmarena_55k(**changes: Any) -> Row:
    return {
        "id": 30192,
        "model_a": "ant",
        "model_b": "bee",
        "prompt": '["Name a bird.","Another."]',
        "response_a": '["Robin","Wren"]',
        "response_b": '["Owl","Gull"]',
        "winner_model_a": 0,
        "winner_model_b": 1,
        "winner_tie": 0,
        **changes,
    }


def comparia(**changes: Any) -> Row:
    return {
        "id": 77,
        "timestamp": "2025-02-03T10:00:00",
        "model_a_name": "ant",
        "model_b_name": "bee",
        "model_pair_name": '["ant", "bee"]',
        "chosen_model_name": "bee",
        "opening_msg": "Bonjour ?",
        "both_equal": False,
        "conversation_a": talk("Bonjour ?", "Salut."),
        "conversation_b": talk("Bonjour ?", "Bonjour !"),
        "conv_turns": 1,
        "selected_category": "culture",
        "is_unedited_prompt": True,
        "conversation_pair_id": "pair-5",
        "session_hash": "s",
        "visitor_id": "0cc175b9",
        "conv_useful_a": None,
        **changes,
    }


def fastchat_state(model: str, *texts: str, conv_id: str = "c-1") -> Row:
    roles = ("USER", "ASSISTANT")
    template = [["USER", "an example of the template"], ["ASSISTANT", "its answer"]]
    said = [[roles[n % 2], text] for n, text in enumerate(texts)]
    return {"conv_id": conv_id, "model_name": model, "offset": 2, "messages": [*template, *said]}


def fastchat_vote(**changes: Any) -> Row:
    return {
        "tstamp": 1684000000.1234,
        "type": "leftvote",
        "models": ["", ""],
        "states": [
            fastchat_state("ant", "Name a bird.", "Robin"),
            fastchat_state("bee", "Name a bird.", "Owl", conv_id="c-2"),
        ],
        "ip": "203.0.113.9",
        **changes,
    }


def fastchat_chat() -> Row:
    return {"tstamp": 1683999999.0, "type": "chat", "model": "ant", "state": {}, "ip": "203.0.113.9"}


def alpaca_annotation(**changes: Any) -> Row:
    return {
        "instruction": "Name a bird.",
        "output_1": "Owl",
        "generator_1": "base",
        "dataset": "koala",
        "output_2": "Robin",
        "generator_2": "ant",
        "annotator": "weighted_judge",
        "preference": 1.75,
        "raw_completion": "m",
        "price_per_example": 0.01,
        "time_per_example": 0.5,
        **changes,
    }


def alpaca_output(**changes: Any) -> Row:
    return {
        "instruction": "Name a bird.",
        "output": "Robin",
        "generator": "ant",
        "dataset": "koala",
        **changes,
    }


def shown(a: str, b: str) -> str:
    """What Arena-Hard's judge is shown."""
    return (
        f"<|User Prompt|>\nName a bird.\n\n<|The Start of Assistant A's Answer|>\n{a}\n"
        "<|The End of Assistant A's Answer|>\n\n<|The Start of Assistant B's Answer|>\n"
        f"{b}\n<|The End of Assistant B's Answer|>"
    )


def arena_hard_old(**changes: Any) -> Row:
    return {
        "question_id": "hard-1",
        "model": "ant",
        "judge": "judge-x",
        "games": [
            {"user_prompt": shown("Owl", "Robin"), "judgment": "I say [[B>>A]]", "score": "B>>A"},
            {"user_prompt": shown("Robin", "Owl"), "judgment": "Now [[A=B]]", "score": "A=B"},
        ],
        **changes,
    }


def arena_hard_new(**changes: Any) -> Row:
    return {
        "uid": "u-1",
        "category": "creative_writing",
        "judge": "judge-x",
        "model": "ant",
        "baseline": "base",
        "games": [
            {
                "score": "A>B",
                "judgment": {"answer": "First [[A>B]]"},
                "prompt": [
                    {"role": "system", "content": "s"},
                    {"role": "user", "content": shown("Owl", "Robin")},
                ],
            },
            {"score": "A>B", "judgment": {"answer": "Second [[A>B]]"}, "prompt": []},
        ],
        **changes,
    }


def mt_bench_pair(**changes: Any) -> Row:
    return {
        "question_id": 81,
        "model_1": "ant",
        "model_2": "bee",
        "g1_winner": "model_1",
        "g2_winner": "tie",
        "judge": ["judge-x", "pair-v2"],
        "g1_user_prompt": "…",
        "g1_judgment": "better: [[A]]",
        "g2_user_prompt": "…",
        "g2_judgment": "even: [[C]]",
        "turn": 2,
        "tstamp": 1687000000.5,
        **changes,
    }


def mt_bench_single(**changes: Any) -> Row:
    return {
        "question_id": 81,
        "model": "ant",
        "judge": ["judge-x", "single-v1"],
        "user_prompt": "…",
        "judgment": "Rating: [[8]]",
        "score": 8,
        "turn": 1,
        "tstamp": 1687000000.5,
        **changes,
    }


def model_answer(**changes: Any) -> Row:
    return {
        "question_id": 81,
        "answer_id": "a",
        "model_id": "ant",
        "choices": [{"index": 0, "turns": ["Robin", "Wren"]}],
        "tstamp": 1687000000.5,
        **changes,
    }


def arena_hard_answer(**changes: Any) -> Row:
    return {
        "uid": "u-1",
        "ans_id": "x",
        "model": "ant",
        "messages": [
            {"role": "user", "content": "Name a bird."},
            {"role": "assistant", "content": {"answer": "Robin"}},
        ],
        "tstamp": 1745000000.5,
        "metadata": {"token_len": 4},
        **changes,
    }


def evalscope_review(**changes: Any) -> Row:
    games = [
        {"model_a": "ant", "model_b": "base", "judgment": "A>>B"},
        {"model_a": "base", "model_b": "ant", "judgment": "A>B"},
    ]
    score = {
        "value": {"score": 0.625},
        "extracted_prediction": "Robin",
        "prediction": "Robin",
        "metadata": {"battle_result": {"score": 0.625, "games": games}},
    }
    return {
        "index": 3,
        "input": [{"id": "m", "content": "Name a bird.", "role": "user"}],
        "target": "Owl",
        "sample_score": {"score": score, "sample_id": 3, "group_id": 3},
        **changes,
    }


def judgearena_battle(**changes: Any) -> Row:
    return {
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_a",
        "pref": 0.25,
        "pref_hard": 0.0,
        "source": "llm-judge",
        "judge_model": "judge-x",
        "question_id": "q-1",
        "panel_id": "p",
        "lang": "fr",
        "orientation": "reversed",
        **changes,
    }


def judgearena_annotation(**changes: Any) -> Row:
    return {
        "instruction": "Name a bird.",
        "completion_A": "Robin",
        "completion_B": "Owl",
        "judge_completion": "Both are birds.\nscore A: 8\nscore B: 6",
        "instruction_index": 5,
        "model_A": "ant",
        "model_B": "bee",
        "judge": "judge-x",
        **changes,
    }


def open_webui(**changes: Any) -> Row:
    def message(
        own: str, parent: str | None, children: list[str], content: str, model: str | None = None
    ) -> Row:
        role = "user" if model is None else "assistant"
        known = {"id": own, "parentId": parent, "childrenIds": children, "role": role, "content": content}
        return known if model is None else {**known, "model": model}

    messages = {
        "m1": message("m1", None, ["m2", "m3"], "Name a bird."),
        "m2": message("m2", "m1", [], "Owl", "bee"),
        "m3": message("m3", "m1", [], "Gull", "ant"),
    }
    return {
        "id": "f-1",
        "user_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "version": 0,
        "type": "rating",
        "data": {
            "rating": 1,
            "model_id": "bee",
            "sibling_model_ids": ["ant"],
            "reason": "accurate_information",
            "comment": "",
            "tags": ["animals"],
            "details": {"rating": 9},
        },
        "meta": {
            "arena": True,
            "chat_id": "chat-1",
            "message_id": "m2",
            "message_index": 2,
            "tags": ["animals"],
        },
        "snapshot": {"chat": {"id": "chat-1", "chat": {"history": {"messages": messages}}}},
        "created_at": 1730000000,
        "updated_at": 1730000009,
        **changes,
    }


def open_webui_arena(**changes: Any) -> Row:
    """A vote in arena mode: every answer is by the arena's model, which drew somebody to give it."""
    row = open_webui()
    for message in row["snapshot"]["chat"]["chat"]["history"]["messages"].values():
        if message["role"] == "assistant":
            message |= {"model": "arena-model", "selectedModelId": message["model"], "arena": True}
    return {**row, **changes}


def potato(**changes: Any) -> Row:
    return {
        "prompt": "Name a bird.",
        "winner": "bee",
        "ranking": ["bee", "cat", "ant"],
        "chosen": "Owl",
        "rejected": {"cat": "Gull", "ant": "Robin"},
        **changes,
    }


def potato_export() -> Row:
    pair = {"prompt": "Name a bird.", "chosen": "Owl", "rejected": "Robin", "winner": "bee", "loser": "ant"}
    return {"count": 1, "pairs": [pair]}


def gpu_poor() -> Row:
    def record(wins: int, losses: int, **opponents: tuple[int, int]) -> Row:
        met = {name: {"wins": won, "losses": lost} for name, (won, lost) in opponents.items()}
        return {"wins": wins, "losses": losses, "opponents": met}

    board = {
        "bee": record(3, 1, ant=(2, 1), cat=(1, 0)),
        "ant": record(1, 2, bee=(1, 2)),
        "cat": record(0, 1, bee=(0, 1)),
    }
    return board | {name: {**board[name], "ties": 1} for name in ("bee", "ant")}


def openarena(**changes: Any) -> Row:
    return {
        "prompt": "Name a bird.",
        "ranked_models": [
            {"model_name": "bee", "avg_score": 8.0, "response": "Owl"},
            {"model_name": "ant", "avg_score": 6.0, "response": "Robin"},
        ],
        **changes,
    }


def own(**changes: Any) -> Row:
    vote = {"model_a": "ant", "model_b": "bee", "winner": "tie"}
    return {"battle_id": "b-0", **vote, "pref": 0.5, "source": "metric", **changes}


EXAMPLES: dict[str, list[Row]] = {
    "lmarena-140k": [lmarena_140k()],
    "lmarena-100k": [lmarena_100k()],
    "clean-battle": [clean_battle(), clean_battle(judge_hash="h", conv_metadata=METADATA, is_code=True)],
    "lmarena-55k": [lmarena_55k()],
    "comparia": [comparia()],
    "fastchat-log": [fastchat_vote(), fastchat_chat()],
    "alpaca-eval": [alpaca_annotation()],
    "alpaca-eval-outputs": [alpaca_output()],
    "arena-hard": [arena_hard_old(), arena_hard_new()],
    "mt-bench-pair": [mt_bench_pair()],
    "mt-bench-single": [mt_bench_single()],
    "model-answers": [model_answer()],
    "arena-hard-answers": [arena_hard_answer()],
    "evalscope": [evalscope_review()],
    "judgearena": [judgearena_battle()],
    "judgearena-annotations": [judgearena_annotation()],
    "open-webui": [open_webui(), open_webui_arena()],
    "potato": [potato(), potato_export(), potato_export()["pairs"][0]],
    "gpu-poor": [gpu_poor()],
    "openarena": [openarena()],
    "palestra": [own()],
}
"""Format → rows of each of its shapes."""


def write_jsonl(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read_jsonl(path: Path) -> list[Row]:
    """The rows, without columns that say nothing."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [{name: value for name, value in json.loads(line).items() if _says(name, value)} for line in lines]


def _says(name: str, value: Any) -> bool:
    return value is not None and value is not False and value != [] and (name, value) != ("weight", 1.0)
