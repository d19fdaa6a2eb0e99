from __future__ import annotations

from typing import TYPE_CHECKING

from tests.report.sample import arena
from typer.testing import CliRunner

from palestra.cli.app import app
from palestra.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def test_it_writes_the_page_into_the_folder_and_says_where(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 2).write(tmp_path / "run")
    result = CliRunner().invoke(app, ["report", str(folder)])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(folder / "report.html")
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_out_names_another_file(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 2).write(tmp_path / "run")
    result = CliRunner().invoke(app, ["report", str(folder), "--out", str(tmp_path / "page.html")])
    assert result.exit_code == 0
    assert (tmp_path / "page.html").is_file()
    assert not (folder / "report.html").exists()


def test_a_folder_that_is_no_result_folder_is_an_error_of_the_data(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert isinstance(result.exception, DataError)
    assert result.exception.path == str(tmp_path / "config.yaml")
