from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judges.making import matchup, prompt

from palestra.errors import ConfigError
from palestra.judges.fence import RULE, Fence
from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.base import Reading
from palestra.judges.protocols.custom import read_template
from palestra.judges.protocols.pairwise import Pairwise
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from pathlib import Path

FENCE = Fence("m")
JINJA = """\
Q: {{ prompt }}
{% if reference %}
R: {{ reference }}
{% endif %}
1: {{ answer_a }}
2: {{ answer_b }}
End with [[A>>B]], [[A>B]], [[A=B]], [[B>A]] or [[B>>A]]."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "judge.txt"


def test_a_jinja_template(file: Path) -> None:
    file.write_text(JINJA)
    protocol = make_protocol("pairwise", template=file)
    system, user = protocol.render(matchup("x", "y", prompt("why?")), Order.BA, FENCE)
    assert system.content == RULE.replace("{{ mark }}", "m")
    assert user.content == (
        "Q: <<QUESTION m>>\nwhy?\n<<END QUESTION m>>\n"
        "1: <<ANSWER A m>>\ny\n<<END ANSWER A m>>\n"
        "2: <<ANSWER B m>>\nx\n<<END ANSWER B m>>\n"
        "End with [[A>>B]], [[A>B]], [[A=B]], [[B>A]] or [[B>>A]]."
    )
    _, user = protocol.render(matchup(asked=prompt(reference="4")), Order.AB, FENCE)
    assert "R: <<REFERENCE m>>\n4\n<<END REFERENCE m>>\n" in user.content


def test_a_template_may_be_given_as_its_text(file: Path) -> None:
    file.write_text(JINJA)
    shown = [
        make_protocol("pairwise", template=given).render(matchup(), Order.AB, FENCE)
        for given in (file, JINJA)
    ]
    assert shown[0] == shown[1]
    with pytest.raises(ConfigError, match="does not show answer_b"):
        make_protocol("pairwise", template="{question} {answer_1}")


def test_simple_places_and_the_names_of_other_tools(file: Path) -> None:
    """Braces that are no place mean themselves."""
    file.write_text('{question} | {answer_1} | {answer_2} | {"a": {b}} | [[A]] [[B]] [[C]]')
    _, user = make_protocol("pairwise", template=file).render(matchup("x", "y"), Order.AB, FENCE)
    assert "| <<ANSWER A m>>\nx\n<<END ANSWER A m>> | <<ANSWER B m>>\ny\n" in user.content
    assert user.content.endswith('| {"a": {b}} | [[A]] [[B]] [[C]]')


@pytest.mark.parametrize(
    "text", ["{prompt} {answer_a} {answer_b}", "{{ prompt }} {{ answer_a }} {{ answer_b }}"]
)
def test_answers_are_values_and_never_templates(file: Path, text: str) -> None:
    file.write_text(text)
    hostile = "{answer_b} {{ answer_b }} {% if x %} {{ ''.__class__ }}"
    _, user = make_protocol("pairwise", template=file).render(matchup(hostile, "y"), Order.AB, FENCE)
    assert f"<<ANSWER A m>>\n{hostile}\n<<END ANSWER A m>>" in user.content


@pytest.mark.parametrize(
    ("name", "way"), [("pairwise", "[[A>>B]]"), ("scores", "Score-A:"), ("json", '"verdict"')]
)
def test_a_template_that_does_not_say_how_to_answer_is_told_so(file: Path, name: str, way: str) -> None:
    file.write_text("{prompt} {answer_a} {answer_b}")
    protocol = make_protocol(name, template=file)
    assert way in protocol.render(matchup(), Order.AB, FENCE)[-1].content
    assert way in protocol.template


def test_the_chosen_protocol_reads_the_reply(file: Path) -> None:
    file.write_text("{answer_a} {answer_b} Give Score-A and Score-B.")
    protocol = make_protocol("scores", template=file, score_temperature=1.0)
    assert protocol.name == "scores"
    reading = protocol.parse("Score-A: 5\nScore-B: 4")
    assert isinstance(reading, Reading)
    assert reading.pref == pytest.approx(0.731059, abs=5e-7)


def test_the_template_knows_whether_it_shows_the_reference(file: Path) -> None:
    assert make_protocol("pairwise").shows_reference(prompt())
    file.write_text("{answer_a} {answer_b}")
    assert not make_protocol("pairwise", template=file).shows_reference(prompt())


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "does not show answer_a and answer_b", None),
        ("{answer_a}", "does not show answer_b", None),
        ("{{ answer_b }}", "does not show answer_a", None),
        ("{# {{ answer_a }} #} {{ answer_b }}", "does not show answer_a", None),
        ("{{ answer_a }} {{ answer_b }}\n{{ anser }}", "'anser' is undefined", None),
        (
            "{{ answer_a }} {{ answer_b }} {% if reference %}{{ oops }}{% endif %}",
            "'oops' is undefined",
            None,
        ),
        ("ok\n{{ answer_a", "this is no template", 2),
        ("ok\n\n{% if %}", "this is no template", 3),
        ("{{ answer_a }} {{ answer_b }} {{ 1 / 0 }}", "division", None),
        ("{{ answer_a }} {{ answer_b }} {{ answer_a.__class__.__mro__ }}", "unsafe", None),
        ("{{ answer_a }} {{ answer_b }} {% include 'x' %}", "no loader", None),
        ("{{ answer_a }} {{ answer_b }} {{ none[0] }}", "cannot be filled", None),
        ("{{ answer_a|nofilter }} {{ answer_b }}", "nofilter", 1),
    ],
)
def test_a_template_that_cannot_be_used_is_a_config_error_with_its_file(
    file: Path, text: str, message: str, line: int | None
) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_template(file, Pairwise)
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line) == (str(file), line)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"ok\n\xff\xfe")
    (tmp_path / "folder").mkdir()
    problems = {"gone.txt": "No such file", "latin.txt": "not UTF-8", "folder": "directory"}
    for name, message in problems.items():
        with pytest.raises(ConfigError, match=message) as caught:
            read_template(tmp_path / name, Pairwise)
        assert caught.value.path == str(tmp_path / name)


WORDS = "{{ }} {% %} {# answer_a answer_b | ( ) if for x in [' 1 -"  # of templates, to be shuffled
pieces = st.sampled_from([*re.split("( )", WORDS), "\n"])


@given(st.lists(pieces, max_size=12).map("".join))
def test_no_text_makes_anything_but_a_template_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.mktemp("t") / "judge.txt"
    file.write_text(text)
    with contextlib.suppress(ConfigError):
        assert read_template(file, Pairwise).user.startswith(text.rstrip())
