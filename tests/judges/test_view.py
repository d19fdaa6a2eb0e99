from __future__ import annotations

from tests.judges.making import matchup, prompt

from palestra.judges.fence import Fence
from palestra.judges.view import judged_texts, values
from palestra.prompts.chat import conversation
from palestra.records.matchup import Order
from palestra.records.prompt import Message, Prompt

FENCE = Fence("m")


def test_the_answer_shown_first_is_answer_a() -> None:
    pair = matchup("first", "second")
    assert values(pair, Order.AB, FENCE)["answer_a"] == "<<ANSWER A m>>\nfirst\n<<END ANSWER A m>>"
    assert values(pair, Order.BA, FENCE)["answer_a"] == "<<ANSWER A m>>\nsecond\n<<END ANSWER A m>>"
    assert values(pair, Order.BA, FENCE)["answer_b"] == "<<ANSWER B m>>\nfirst\n<<END ANSWER B m>>"


def test_names_of_models_are_never_shown() -> None:
    shown = values(matchup(names=("Zebra-7B", "Yak-13B")), Order.AB, FENCE)
    assert not any(name in (text or "") for text in shown.values() for name in ("Zebra", "Yak"))


def test_a_prompt_of_several_turns_is_shown_turn_by_turn() -> None:
    """Each turn has its own fence, so that an answer cannot write another turn."""
    asked = prompt("Write a poem.", "Now shorter.")
    pair = matchup(conversation(asked, ["Long.", "Short."]), conversation(asked, ["Lang.", "Kurz."]), asked)
    shown = values(pair, Order.AB, FENCE)
    assert shown["prompt"] == (
        "<<USER TURN 1 m>>\nWrite a poem.\n<<END USER TURN 1 m>>\n\n"
        "<<USER TURN 2 m>>\nNow shorter.\n<<END USER TURN 2 m>>"
    )
    assert shown["answer_b"] == (
        "<<ANSWER B TO TURN 1 m>>\nLang.\n<<END ANSWER B TO TURN 1 m>>\n\n"
        "<<ANSWER B TO TURN 2 m>>\nKurz.\n<<END ANSWER B TO TURN 2 m>>"
    )


def test_only_the_turns_of_the_model_itself_are_its_answer() -> None:
    """A conversation that the prompt begins, system text and an earlier answer included, is the question."""
    asked = Prompt(
        question_id="q",
        messages=(
            Message(role="system", content="Be brief."),
            Message(role="user", content="Hello"),
            Message(role="assistant", content="Hi!"),
            Message(role="user", content="How are you?"),
            Message(role="user", content="And now?"),
        ),
    )
    pair = matchup(conversation(asked, ["Fine.", "Still fine."]), "A text.", asked)
    shown = values(pair, Order.AB, FENCE)
    assert shown["prompt"] is not None
    assert "<<SYSTEM m>>\nBe brief.\n<<END SYSTEM m>>" in shown["prompt"]
    assert "<<ASSISTANT TURN 1 m>>\nHi!\n" in shown["prompt"]
    assert shown["answer_a"] == (
        "<<ANSWER A TO TURN 2 m>>\nFine.\n<<END ANSWER A TO TURN 2 m>>\n\n"
        "<<ANSWER A TO TURN 3 m>>\nStill fine.\n<<END ANSWER A TO TURN 3 m>>"
    )
    assert {"Be brief.", "Hi!", "Fine.", "Still fine.", "A text."} <= set(judged_texts(pair))


def test_a_conversation_of_answers_alone_is_numbered_by_its_turns() -> None:
    turns = tuple(Message(role="assistant", content=text) for text in ("one", "two"))
    shown = values(matchup(turns, "x", prompt("a", "b")), Order.AB, FENCE)["answer_a"]
    assert shown is not None
    assert "<<ANSWER A TO TURN 1 m>>\none" in shown
    assert "<<ANSWER A TO TURN 2 m>>\ntwo" in shown


def test_the_reference_is_there_only_where_the_prompt_has_one() -> None:
    assert values(matchup(), Order.AB, FENCE)["reference"] is None
    shown = values(matchup(asked=prompt(reference="4")), Order.AB, FENCE)
    assert shown["reference"] == "<<REFERENCE m>>\n4\n<<END REFERENCE m>>"
