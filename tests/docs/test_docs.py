"""What the README and the guide say is true: examples run, links lead somewhere, nothing is left out.

CONTRIBUTING.md explains the comments above code blocks.
"""

from __future__ import annotations

import re
import shlex
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import typer
from tests.support.cli import clean_environment, palestra
from tests.support.require import ROOT

from palestra import errors
from palestra.cli.app import app
from palestra.config.load import load_config
from palestra.records.failure import FailureKind
from palestra.run.folder import ARTIFACTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), ROOT / "examples" / "README.md"]
RUN = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
BLOCK = re.compile(r"(?P<marks>(?:<!-- [^\n]* -->\n)*)```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
ANYTHING = "…"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A code block and what the comments above it say."""

    language: str
    text: str
    marks: dict[str, str]


@dataclass(frozen=True)
class Shown:
    """A command line and what the page shows under it."""

    words: list[str]
    output: str


def blocks(text: str) -> Iterator[Block]:
    for found in BLOCK.finditer(text):
        marks = dict(re.findall(r"<!-- (file|in|exit|not run): ?([^\n]*?) -->", found["marks"]))
        yield Block(found["language"], found["text"], marks)


def shown(text: str) -> Iterator[Shown]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        line, _, output = part.replace("\\\n", " ").partition("\n")
        yield Shown(shlex.split(line, comments=True), output)


def as_pattern(output: str) -> re.Pattern[str]:
    """Matches what the page shows: a line `…` is any lines, `…` in a line is any text of that line."""
    lines = [line.rstrip() for line in output.strip().splitlines()]
    escaped = [
        "(?s:.*)" if line == ANYTHING else re.escape(line).replace(ANYTHING, "[^\\n]*") for line in lines
    ]
    return re.compile("\n".join(escaped))


def trimmed(output: str) -> str:
    return "\n".join(line.rstrip() for line in output.strip().splitlines())


def run_block(block: Block, folder: Path) -> None:
    """Run the commands or the program of a block, and compare what they print."""
    code = int(block.marks.get("exit", 0))
    if block.language == "python":
        program = [sys.executable, "-W", "error", "-c", block.text]
        subprocess.run(program, cwd=folder, env=clean_environment(), check=True, stdout=subprocess.DEVNULL)
        return
    for command in shown(block.text):
        if command.words[0] == "make":
            continue
        assert command.words[0] == "palestra"
        done = palestra(*command.words[1:], cwd=folder, code=code)
        output = trimmed(done.stderr if code else done.stdout)
        if command.output.strip():
            assert as_pattern(command.output).fullmatch(output), output


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    palestra("demo", "--quiet", cwd=folder)
    return folder


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_the_examples_do_what_they_show(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for block in blocks(path.read_text(encoding="utf-8")):
        if "file" in block.marks:
            (tmp_path / block.marks["file"]).write_text(block.text, encoding="utf-8")
        elif block.language in ("console", "python") and "not run" not in block.marks:
            if path.name == "cli.md":
                continue  # usage lines, no commands
            where = block.marks.get("in")
            if where == "examples":
                shutil.copytree(ROOT / "examples", tmp_path / "examples", dirs_exist_ok=True)
            elif where == "demo":
                shutil.copytree(request.getfixturevalue("demo_folder"), tmp_path, dirs_exist_ok=True)
            run_block(block, tmp_path)


def test_a_page_that_shows_something_else_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"model_a": "x", "model_b": "y", "winner": "tie"}\n')
    told = "$ palestra rank b.jsonl --format csv --method win-rate\n…\n1,1,2,x,60.0,…\n…\n"
    with pytest.raises(AssertionError, match="rank_low"):
        run_block(Block("console", told, {}), tmp_path)
    run_block(Block("console", told.replace("60.0", "50.0"), {}), tmp_path)


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_every_config_shown_loads(path: Path, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(path.read_text(encoding="utf-8"))):
        if block.language == "yaml" and block.text.lstrip().startswith("arena:"):
            config = tmp_path / f"{number}.yaml"
            config.write_text(block.text, encoding="utf-8")
            assert load_config(config, env={}).config.models


def anchors(text: str) -> set[str]:
    """The places in a page that a link may name, as Git hosts make them of headings."""
    plain = re.sub(r"```.*?^```$", "", text, flags=re.M | re.S)
    titles = re.findall(r"^#+ (.*)$", plain, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


def test_the_guide_lists_every_page() -> None:
    index = page("docs/index.md")
    others = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path.name != "index.md"]
    assert [name for name in others if f"({name})" not in index] == []


def options() -> dict[str, set[str]]:
    """Command → its options."""
    group = typer.main.get_group(app)
    context = typer.Context(group, info_name="palestra")
    found = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found[name] = {
            flag
            for option in command.params
            if option.param_type_name == "option"
            for flag in (*option.opts, *option.secondary_opts)
        }
    return found


def test_every_option_is_in_the_reference() -> None:
    reference = page("docs/cli.md")
    for command, flags in options().items():
        section = reference.partition(f"\n## `palestra {command}`\n")[2].partition("\n## ")[0]
        listed = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", section))
        assert sorted(flags - listed) == [], command


def test_the_reference_is_current(tmp_path: Path) -> None:
    """If this fails: `python docs/make_cli.py`."""
    shutil.copy(DOCS / "make_cli.py", tmp_path)
    subprocess.run([sys.executable, "make_cli.py"], cwd=tmp_path, env=clean_environment(), check=True)
    assert (tmp_path / "cli.md").read_text(encoding="utf-8") == page("docs/cli.md")


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_shown_exist_with_their_options(path: Path) -> None:
    known = options()
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"^(?:    |\$ |#   )palestra (.*)$", text, re.M):
        command, *words = line.split("#")[0].split("   ")[0].split()
        if command == "[OPTIONS]":
            continue
        assert command in known, line
        unknown = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
        assert sorted(unknown - known[command] - {"--help"}) == [] or path.name == "cli.md", line


def codes(kind: type[errors.PalestraError] = errors.PalestraError) -> set[int]:
    return {kind.exit_code}.union(*(codes(below) for below in kind.__subclasses__()))


def test_every_exit_code_is_explained() -> None:
    section = page("docs/running.md").partition("## Exit codes")[2]
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.M)}
    assert listed == codes() | {0, 1, 130}


def test_every_failure_is_explained() -> None:
    section = page("docs/running.md").partition("## Failures")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.M)
    assert listed == [kind.value for kind in FailureKind]


def test_every_file_of_a_result_folder_is_explained(demo_folder: Path) -> None:
    section = page("docs/running.md").partition("## The result folder")[2].partition("\n## ")[0]
    listed = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.M) for name in re.findall("`(.*?)`", row)
    }
    assert listed == set(ARTIFACTS)
    assert [name for name in listed if not (demo_folder / "runs" / "demo" / name).is_file()] == []


def test_every_package_has_its_floor_in_the_guide() -> None:
    section = page("docs/architecture.md").partition("## Floors")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| [\d½]+ \| `(\w+)`", section, re.M))
    source = ROOT / "src" / "palestra"
    assert listed == {"errors"} | {path.parent.name for path in source.glob("*/__init__.py")}


def test_every_make_target_is_explained() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", page("Makefile"), re.M)
    listed = re.findall(r"^\| `make ([\w-]+)", page("CONTRIBUTING.md"), re.M)
    assert sorted(listed) == sorted(set(targets) - {"help"})
    shown_targets = re.findall(r"[`$] ?make ([a-z]+)", page("README.md") + page("docs/getting-started.md"))
    assert shown_targets
    assert set(shown_targets) <= set(targets)


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_modules_and_files_named_are_there(name: str) -> None:
    source = ROOT / "src" / "palestra"
    words = re.findall(r"`([\w./-]+)`", page(name))
    paths = [
        word for word in words if "/" in word and not word.startswith(("..", ".tools", ".venv", ".cache"))
    ]
    modules = [word for word in words if re.fullmatch(r"(config|run|judges|records)\.[a-z]+", word)]
    assert paths
    places = [*paths, *(module.replace(".", "/") + ".py" for module in modules)]
    assert [place for place in places if not ((ROOT / place).exists() or (source / place).exists()
            or (source.parent / place).exists())] == []  # fmt: skip


def test_every_variable_of_the_tests_is_explained() -> None:
    named = set(re.findall(r"PALESTRA_[A-Z_]+", page("tests/support/require.py")))
    assert sorted(named - set(re.findall(r"PALESTRA_[A-Z_]+", page("CONTRIBUTING.md")))) == []


@pytest.mark.parametrize("name", ["report.png", "arena.png"])
def test_the_pictures_are_small_pngs_of_the_right_width(name: str) -> None:
    data = (DOCS / "images" / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", data[16:20]) == (1280,)
    assert len(data) < 250_000
