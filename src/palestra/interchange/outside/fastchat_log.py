"""The conversation logs of a FastChat arena (`YYYY-MM-DD-conv.json`, one JSON object a line), as its
`gradio_block_arena_anony.py` and `…_named.py` write them and `monitor/clean_battle_data.py` reads them:
`tstamp, type, models, states, ip`, with a `type` of `leftvote`, `rightvote`, `tievote` or `bothbad_vote` in
votes. Other lines (`chat`, `share`, …) are no votes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.interchange.outside import identity_words
from palestra.interchange.outside.base import DamagedError, Format, Left
from palestra.interchange.outside.cells import compact, number, text
from palestra.interchange.outside.talks import prompt_of, response_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import BattleRow, Data, Leaks, Options

VOTES = {
    "leftvote": "model_a",
    "rightvote": "model_b",
    "tievote": "tie",
    "bothbad_vote": "tie (bothbad)",
}
NO_VOTE = "no vote, but another event of the log"
NO_MODEL = "a model is not named"
HALF_NAMED = "only one of the two models was shown by its name"
OTHER_NAMES = "the models shown are not those that answered"
NO_PROMPT = "a vote without a prompt"
FAILED = "an answer was an error of the server or of the moderation"
LEAK = "a model's or maker's name was said (identity leak)"
Talk = list[dict[str, str]]


def _fits(data: Data) -> bool:
    return data.keys() >= {"tstamp", "type", "ip"} and ("states" in data or "state" in data)


class _Votes:
    """Numbers voters in the order of their first vote; an address is not kept."""

    def __init__(self, leaks: Leaks) -> None:
        self._leaks = leaks
        self._voters: dict[str, str] = {}

    def start(self, name: str) -> None:
        pass

    def end(self) -> tuple[()]:
        return ()

    def notes(self) -> list[str]:
        kept = {
            "keep": "kept; --leaks flag or drop tells them",
            "flag": "flagged identity_leak",
            "drop": "dropped",
        }
        return [
            "IP addresses became numbers in the order of first votes",
            f"battles with an identity leak (FastChat's word list) are {kept[self._leaks]}",
        ]

    def convert(self, data: Data) -> Iterator[BattleRow | Left]:
        word = text(data, "type")
        if word not in VOTES:
            yield Left(NO_VOTE)
            return
        states, shown = _pair(data, "states"), _pair(data, "models")
        found = _models(shown, states)
        if isinstance(found, Left):
            yield found
            return
        models, anonymous = found
        talks = [_talk(state) for state in states]
        if not talks[0]:
            yield Left(NO_PROMPT)
            return
        spoken = [message["content"] for talk in talks for message in talk]
        if identity_words.failed(spoken):
            yield Left(FAILED)
            return
        leak = self._leaks != "keep" and identity_words.gives_away(spoken)
        if leak and self._leaks == "drop":
            yield Left(LEAK)
            return
        yield compact(
            {
                "question_id": text(states[0], "conv_id"),
                "model_a": models[0],
                "model_b": models[1],
                "winner": VOTES[word],
                "source": "human",
                "dataset": "fastchat",
                "tstamp": number(data, "tstamp"),
                "order": "ab",
                "flags": ["identity_leak"] if leak else None,
                "voter": self._voter(text(data, "ip")),
                "anonymous": anonymous,
                "prompt": prompt_of(talks[0]),
                "response_a": response_of(talks[0]),
                "response_b": response_of(talks[1]),
            }
        )

    def _voter(self, address: str | None) -> str | None:
        if address is None:
            return None
        return self._voters.setdefault(address, f"arena_user_{len(self._voters)}")


def _pair(data: Data, key: str) -> list[Any]:
    value = data.get(key)
    if not isinstance(value, list) or len(value) != 2:
        raise DamagedError("expected a list of two", key=key, seen=value)
    if key == "states" and not all(isinstance(state, dict) for state in value):
        raise DamagedError("expected two objects", key=key, seen=value)
    return value


def _models(shown: list[Any], states: list[Any]) -> tuple[list[str], bool] | Left:
    """The models' names, and whether they were hidden."""
    if None in shown:
        return Left(NO_MODEL)
    public = [_plain(name) for name in shown]
    told = [state.get("model_name") for state in states]
    hidden = public if None in told else [_plain(name) for name in told]
    if public.count("") == 1:
        return Left(HALF_NAMED)
    anonymous = public[0] in ("", "Model A")
    if anonymous and ("" in hidden or hidden[0] == "Model A"):
        return Left(NO_MODEL)
    if not anonymous and public != hidden:
        return Left(OTHER_NAMES)
    return (hidden if anonymous else public), anonymous


def _plain(name: Any) -> str:
    """The name without what early versions set around it (`<h3>Model A: name</h3>`, `### Model A: name`)."""
    if not isinstance(name, str):
        raise DamagedError("expected names", key="models", seen=name)
    bare = name.strip().removeprefix("<h3>").removesuffix("</h3>").removeprefix("### ")
    return bare.partition(": ")[2].strip() if bare != name.strip() else bare


def _talk(state: dict[str, Any]) -> Talk:
    """The messages after the template's own; user and model take turns. An answer that never came is left
    out.
    """
    messages, offset = state.get("messages"), state.get("offset", 0)
    if not isinstance(messages, list) or not isinstance(offset, int):
        raise DamagedError("expected messages and an offset", key="states", seen=messages)
    talk: Talk = []
    for place, message in enumerate(messages[offset:]):
        if not isinstance(message, list) or len(message) != 2:
            raise DamagedError("expected messages of role and text", key="states", seen=message)
        said = message[1][0] if isinstance(message[1], list) and message[1] else message[1]
        if said is None:
            continue
        if not isinstance(said, str):
            raise DamagedError("expected messages of role and text", key="states", seen=message)
        talk.append({"role": "assistant" if place % 2 else "user", "content": said})
    return talk


def _make(options: Options) -> _Votes:
    return _Votes(options.leaks)


FORMATS = (
    Format(
        name="fastchat-log",
        title="FastChat arena log",
        shape="tstamp, type, models, states, ip",
        fits=_fits,
        make=_make,
    ),
)
