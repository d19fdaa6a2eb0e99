"""Uploads to a hub of the tests' own: what goes wrong is told; and what looks like a secret is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.support.hub_server import READ_TOKEN, TOKEN, Hub, hub_running

from palestra.errors import DataError, EndpointError, UsageError
from palestra.interchange.hub_files import HubFile, find_secrets, hub_files, own_secrets
from palestra.interchange.hub_upload import Target, parse_target, upload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "sk-" + "canaryCANARYcanaryCANARY0123"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    with hub_running() as hub:
        yield hub


@pytest.fixture
def large(tmp_path: Path) -> HubFile:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n' * 5000)
    return HubFile(path, "rows.jsonl", path.stat().st_size)


@pytest.mark.parametrize(
    ("token", "failing", "says"),
    [
        ("hf_" + "wrong" * 7, {}, "the hub does not know the token (401"),
        (READ_TOKEN, {}, "the token may not write to ann/arena (403: Forbidden: you must use a write token"),
        (
            TOKEN,
            {"info": (404, "Not here")},
            "there is nothing called ann/arena, or the token may not see it",
        ),
        (TOKEN, {"create": (400, "No such name")}, "the hub refused (400: No such name)"),
        (TOKEN, {"commit": (409, "Wait")}, "ann/arena is being changed by somebody else (409: Wait)"),
        (TOKEN, {"commit": (413, "Too large")}, "the hub refused (413: Too large)"),
        (TOKEN, {"put": (400, "bad part")}, "the hub refused (400: bad part)"),
        (TOKEN, {"verify": (403, f"not with {TOKEN}")}, "may not write to ann/arena (403: not with ***)"),
    ],
)
def test_a_refusal_says_what_the_hub_said(
    token: str, failing: dict[str, tuple[int, str]], says: str, hub: Hub, large: HubFile
) -> None:
    hub.failing.update(failing)
    with pytest.raises(EndpointError) as raised:
        upload([large], b"---\n{}\n---\n", Target("ann/arena", hub.url), token, private=True, message="m")
    assert says in raised.value.message
    assert raised.value.hint is not None
    assert token not in str(raised.value)


def test_a_card_that_the_hub_cannot_read_is_refused_before_anything_is_sent(hub: Hub, large: HubFile) -> None:
    with pytest.raises(EndpointError, match="400: no valid YAML"):
        upload([large], b"no front", Target("ann/arena", hub.url), TOKEN, private=True, message="m")
    assert hub.calls["put"] == hub.calls["commit"] == 0


@pytest.mark.parametrize("name", ["arena", "ann/", "/a", "ann/a/b", "ann/--x", "../x", "ann/a b", "ann/a--b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no dataset on the hub"):
        parse_target(name, "https://huggingface.co")


def test_a_name_and_an_address_make_a_page() -> None:
    assert (
        parse_target("ann/my.arena_2", "http://hub.local/").url == "http://hub.local/datasets/ann/my.arena_2"
    )
    with pytest.raises(UsageError, match="is not an address"):
        parse_target("ann/a", "http://user:word@hub.local")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (KEY, "an API key"),
        ("hf_" + "a" * 34, "a Hugging Face token"),
        ("AKIA" + "A1" * 8, "an AWS key"),
        ("ghp_" + "b" * 36, "a GitHub token"),
        ("xoxb-" + "1" * 24, "a Slack token"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "a private key"),
    ],
)
def test_forms_of_secrets_are_found_with_their_line(text: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n" * 4 + json.dumps({"text": f"it is {text} as you see"}) + "\n")
    (found,) = find_secrets(hub_files(tmp_path), ())
    assert (str(found), found.own) == (f"a.jsonl:5: {kind}", False)
    assert text not in repr(found)


def test_plain_answers_hold_no_secret(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "sk-learn, task-oriented-dialogue-systems, hf_hub_download, AKIA, risk-averse"
    )
    assert find_secrets(hub_files(tmp_path), ()) == []


def test_a_secret_of_ones_own_is_found_in_large_files_and_in_parquet(tmp_path: Path) -> None:
    own = own_secrets({"SOME_API_KEY": "correct-horse-battery", "KEY_FILE": "/home/me/key", "PIN_TOKEN": "1"})
    assert own == ("correct-horse-battery",)
    (tmp_path / "long.txt").write_text("x" * ((1 << 20) - 9) + "\n" + own[0] + "\n")
    query = f"COPY (SELECT 'a' AS t UNION ALL SELECT 'it is {own[0]}') TO '{tmp_path / 'p.parquet'}'"
    duckdb.execute(query)
    found = find_secrets(hub_files(tmp_path), own)
    assert [str(finding) for finding in found if finding.own] == [
        "long.txt:2: a secret of this environment",
        "p.parquet:2: a secret of this environment",
    ]


def test_only_data_texts_and_pictures_go(tmp_path: Path) -> None:
    for name in (
        "a.parquet",
        "b.md",
        "sub/c.csv",
        ".env",
        "x.db",
        "x.db.admin-key",
        ".git/config.json",
        "run.sh",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "link.json").symlink_to("/etc/hostname")
    assert [file.name for file in hub_files(tmp_path)] == ["a.parquet", "b.md", "sub/c.csv"]
    assert [file.name for file in hub_files(tmp_path, only=("b.md",))] == ["b.md"]
    with pytest.raises(DataError, match="nothing to upload"):
        hub_files(tmp_path, only=("nothing.json",))
    with pytest.raises(DataError, match="no such folder"):
        hub_files(tmp_path / "nowhere")
