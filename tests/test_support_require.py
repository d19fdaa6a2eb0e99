"""What is missing skips a test with advice, or fails it where everything must be there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support import require

if TYPE_CHECKING:
    from pathlib import Path

SKIPPING = """
import pytest
from tests.support import require

def test_needs_data():
    require.shared_data("nowhere")

def test_skips_itself():
    pytest.skip("not today")

@pytest.mark.skip(reason="marked")
def test_marked():
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_known_fault():
    assert False

def test_works():
    pass
"""
SKIPPED_MODULE = """
import pytest
pytest.skip("the whole file", allow_module_level=True)
"""


def run_pytest(folder: Path, required: str | None) -> subprocess.CompletedProcess[str]:
    """Run the tests in `folder` under this tree's conftest, with or without `PALESTRA_REQUIRE`."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PALESTRA_", "PYTEST_"))}
    environment |= {"PYTHONPATH": str(require.ROOT), **({"PALESTRA_REQUIRE": required} if required else {})}
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(folder), "-rs"]
    command += ["-p", "tests.conftest", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def skipping(tmp_path: Path) -> Path:
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    (tmp_path / "test_module.py").write_text(SKIPPED_MODULE)
    return tmp_path


def test_a_bare_machine_skips(skipping: Path) -> None:
    done = run_pytest(skipping, required=None)
    assert "1 passed, 4 skipped, 1 xfailed" in done.stdout
    assert "set PALESTRA_SHARED to their folder" in done.stdout
    assert done.returncode == 0


def test_where_everything_must_be_there_no_skip_passes(skipping: Path) -> None:
    """Not by the helpers, not by hand, not by a mark, not of a whole file. An expected failure stays one."""
    (skipping / "test_module.py").unlink()
    done = run_pytest(skipping, required="all")
    assert "2 failed, 1 passed, 1 xfailed, 1 error" in done.stdout
    assert done.returncode == 1

    (skipping / "test_module.py").write_text(SKIPPED_MODULE)
    done = run_pytest(skipping, required="all")
    assert "PALESTRA_REQUIRE=all forbids skipping: Skipped: the whole file" in done.stdout
    assert done.returncode == 2


def test_data_is_found_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "set").mkdir()
    monkeypatch.setenv("PALESTRA_SHARED", str(tmp_path))
    assert require.shared_data("set") == tmp_path / "set"


def test_a_program_is_found_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "my-llama"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PALESTRA_LLAMA_SERVER", str(program))
    assert require.llama_server() == program


def test_a_program_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PALESTRA_REQUIRE", raising=False)
    monkeypatch.setenv("PALESTRA_NODE", str(tmp_path / "none"))
    with pytest.raises(pytest.skip.Exception, match=r"PALESTRA_NODE names .* which is not a program"):
        require.node()
    monkeypatch.delenv("PALESTRA_NODE")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="no node: apt install nodejs, or set PALESTRA_NODE"):
        require.node()


def test_postgres_tools_lie_together() -> None:
    folder = require.postgres()
    for tool in ("initdb", "pg_ctl"):
        assert os.access(folder / tool, os.X_OK)
