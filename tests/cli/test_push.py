"""`palestra push` to a hub of the tests' own, over HTTP."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.cli import clean_environment, command, palestra, write_config
from tests.support.hub_server import LARGE, READ_TOKEN, TOKEN, Hub, hub_running
from tests.support.ports import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER = "It depends on what you mean by best, and on whom you ask. " * 8
SECRET = "sk-" + "canaryCANARYcanaryCANARY0123"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result folder."""
    folder = tmp_path_factory.mktemp("arena")
    questions = [{"query": f"What is the best of {n}?", "language": "en"} for n in range(12)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    scripted = {"endpoint_type": "scripted"}
    config = write_config(
        folder / "arena.yaml",
        {
            "arena": {"name": "arena"},
            "models": [
                {"label": "long", "licence": "apache-2.0", "script": {"reply": ANSWER}, **scripted},
                {"label": "short", "script": {"replies": ["Yes.", "No."]}, **scripted},
            ],
            "judges": [
                {"label": "judge", "script": {"replies": ["[[A>B]]", "[[B>A]]", "[[A>>B]]"]}, **scripted}
            ],
            "prompts": [{"path": "prompts.jsonl"}],
        },
    )
    palestra("run", config, "-q", cwd=folder)
    return folder / "runs" / "arena"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_running() as hub:
        yield hub


def push(
    hub: Hub | str, folder: Path, *options: str, code: int = 0, **env: str
) -> subprocess.CompletedProcess[str]:
    url = hub if isinstance(hub, str) else hub.url
    variables = {"HF_TOKEN": TOKEN, "HF_HOME": str(folder.parent / "hf"), **env}
    done = palestra(
        "push", folder, "--to", "ann/arena", "--endpoint", url, *options,
        cwd=folder.parent, code=code, env=variables,
    )  # fmt: skip
    for secret in (TOKEN, READ_TOKEN, SECRET):
        assert secret not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def local(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_run_is_announced_then_stored_as_it_is_with_a_card(hub: Hub, run: Path) -> None:
    dry = push(hub, run, "--dry-run", "--licence", "cc-by-4.0")
    assert "Nothing was sent" in dry.stdout
    assert not hub.calls
    done = push(hub, run, "--licence", "cc-by-4.0")
    listed = dry.stdout.splitlines()[:-1]
    assert done.stdout.splitlines()[: len(listed)] == listed, "what was announced is what is sent"
    repo = hub.repos["ann/arena"]
    card = repo.files.pop("README.md")
    assert repo.files == local(run)
    assert any(len(data) >= LARGE for data in repo.files.values()), "some of it goes through LFS"
    assert repo.lfs == {name for name, data in repo.files.items() if len(data) >= LARGE}
    assert repo.private
    assert f"{len(repo.files) + 1} files" in done.stdout
    for name, data in repo.files.items():
        assert any(line.split()[:1] == [name] for line in listed), name
        size = f"{len(data)} B" if len(data) < 1000 else f"{len(data) / 1000:.1f} kB"
        assert next(line for line in listed if line.split()[:1] == [name]).endswith(size)
    assert b"license: cc-by-4.0" in card


def test_the_card_loads_and_so_does_each_subset(hub: Hub, run: Path, tmp_path: Path) -> None:
    from datasets import load_dataset
    from huggingface_hub import DatasetCard

    push(hub, run)
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for name, data in hub.repos["ann/arena"].files.items():
        (snapshot / name).write_bytes(data)
    card = DatasetCard.load(snapshot / "README.md")
    front: dict[str, Any] = card.data.to_dict()
    assert front["language"] == ["en"]
    assert "license" not in front
    names = [subset["config_name"] for subset in front["configs"]]
    assert names == ["battles", "preferences", "training_data", "responses", "verdicts", "prompts"]
    manifest = json.loads((run / "manifest.json").read_text())
    sizes = {
        name: load_dataset(str(snapshot), name, split="train", cache_dir=str(tmp_path / "cache")).num_rows
        for name in names
    }
    assert sizes["battles"] == manifest["n_battles"] > 0
    assert sizes["prompts"] == sizes["training_data"] == 12
    assert sizes["responses"] == sizes["verdicts"] == 24
    text = card.text
    assert "judge: scripted, protocol pairwise" in text
    assert "apache-2.0" in text
    assert "prompts of the file prompts.jsonl" in text
    assert str(run.parent) not in text, "paths of this machine are nobody's business"
    assert "## Leaderboard" in text
    assert "| long" in text.split("## Leaderboard")[1]


def test_pushing_again_sends_what_has_changed_and_nothing_else(hub: Hub, run: Path) -> None:
    push(hub, run)
    before = dict(hub.calls)
    again = push(hub, run)
    assert "Nothing has changed since the last upload" in again.stdout
    assert (hub.calls["put"], hub.calls["commit"]) == (before["put"], before["commit"])
    (run / "leaderboard.txt").write_text("another board\n")
    changed = push(hub, run)
    assert "Uploaded to" in changed.stdout
    assert hub.calls["put"] == before["put"]
    assert hub.repos["ann/arena"].files["leaderboard.txt"] == b"another board\n"


def test_a_broken_off_upload_goes_on_with_what_is_missing(hub: Hub, run: Path) -> None:
    hub.failing["commit"] = 409, "another commit is under way"
    broken = push(hub, run, code=5)
    assert broken.stderr.startswith(
        f"Error: {hub.url}: ann/arena is being changed by somebody else (409: another commit is under way)"
    )
    assert "push again and it goes on" in broken.stderr
    sent = hub.calls["put"]
    assert sent == len(hub.blobs) > 0
    del hub.failing["commit"]
    push(hub, run)
    assert hub.calls["put"] == sent
    files = hub.repos["ann/arena"].files
    assert {name: files[name] for name in local(run)} == local(run)


def test_ctrl_c_stops_an_upload_and_says_that_it_goes_on(hub: Hub, run: Path) -> None:
    hub.waiting.add("commit")
    with subprocess.Popen(
        command("push", run, "--to", "ann/arena", "--endpoint", hub.url),
        env=clean_environment(HF_TOKEN=TOKEN, HF_HOME=str(run.parent / "hf")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert wait_until(lambda: hub.calls["commit"] == 1 or process.poll() is not None, 60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said == "Stopped. What was sent is kept: push again and it goes on.\n"
    assert not hub.repos["ann/arena"].files
    assert hub.blobs


def test_keys_databases_and_hidden_files_stay(hub: Hub, run: Path) -> None:
    (run / ".env").write_text(f"OPENAI_API_KEY={SECRET}\n")
    (run / "palestra.db").write_bytes(b"SQLite")
    (run / "palestra.db.admin-key").write_text(SECRET)
    (run / "notes.txt").write_text(f"my own notes: {SECRET}")
    (run / ".previous").mkdir()
    (run / ".previous" / "battles.jsonl").write_text("{}\n")
    known = set(local(run)) - {".env", "palestra.db", "palestra.db.admin-key", "notes.txt"}
    push(hub, run)
    assert set(hub.repos["ann/arena"].files) == known | {"README.md"}


@pytest.mark.parametrize("own", [True, False])
def test_what_looks_like_a_secret_stops_the_upload(hub: Hub, run: Path, own: bool) -> None:
    with (run / "responses.jsonl").open("a") as file:
        file.write(json.dumps({"text": f"use {SECRET}, it works"}) + "\n")
    env = {"SOME_API_KEY": SECRET} if own else {}
    done = push(hub, run, code=4, **env)
    assert "responses.jsonl:25: " in done.stderr
    assert not hub.calls
    if own:
        assert "a secret of this environment" in done.stderr
        push(hub, run, "--ignore-findings", code=4, **env)
        assert not hub.calls
    else:
        assert "an API key" in done.stderr
        push(hub, run, "--ignore-findings")
        assert hub.calls["commit"] == 1


def test_public_is_asked_for_and_an_old_dataset_stays_as_it_is(hub: Hub, run: Path) -> None:
    assert "(public)" in push(hub, run, "--public").stdout
    assert not hub.repos["ann/arena"].private
    assert "(public)" in push(hub, run).stdout.splitlines()[-1]


def test_an_exports_own_card_is_sent_as_it_is(hub: Hub, tmp_path: Path) -> None:
    export = tmp_path / "export"
    (export / "data").mkdir(parents=True)
    (export / "README.md").write_text("---\npretty_name: Mine\n---\n\n# Mine\n")
    (export / "data" / "train.jsonl").write_text('{"prompt": "a", "chosen": "b", "rejected": "c"}\n')
    (export / "draft.db").write_bytes(b"x")
    push(hub, export)
    files = hub.repos["ann/arena"].files
    assert set(files) == {"README.md", "data/train.jsonl"}
    assert files["README.md"] == (export / "README.md").read_bytes()
    (export / "README.md").unlink()
    push(hub, export)
    assert b"How the data was made is not known" in files["README.md"]


def test_a_refusal_is_one_message(hub: Hub, run: Path) -> None:
    done = push(hub, run, code=5, HF_TOKEN=READ_TOKEN)
    assert done.stderr.startswith(f"Error: {hub.url}: the token may not write to ann/arena (403: Forbidden")
    assert len(done.stderr.splitlines()) == 2, done.stderr


def test_a_hub_that_is_not_there_is_one_message(run: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = push(url, run, code=5)
    assert done.stderr.startswith(f"Error: the upload to {url}/datasets/ann/arena broke off: ")


def test_what_is_no_folder_is_told_apart_from_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").touch()
    for name, said in (("b.jsonl", "not a folder"), ("nowhere", "no such folder")):
        done = palestra("push", name, "--to", "a/b", "--license", "mit", "--dry-run", cwd=tmp_path, code=4)
        assert done.stderr == f"Error: {name}: {said}\n"


def test_without_a_token_it_says_where_to_get_one(hub: Hub, run: Path) -> None:
    done = push(hub, run, "--token-env", "MY_TOKEN", code=5, HF_TOKEN="")
    assert "no token for the hub: MY_TOKEN is not set" in done.stderr
    assert not hub.calls
