from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from palestra.errors import UsageError
from palestra.report.plots.picture import Picture
from palestra.report.plots.ruler import Ruler
from palestra.report.plots.sheet import Sheet
from palestra.report.plots.theme import LIGHT
from palestra.report.plots.write import check_target, format_of, write_picture

if TYPE_CHECKING:
    from pathlib import Path


def draw() -> Picture:
    return Picture(Sheet(100, 50, LIGHT, Ruler()), "title", "description")


@pytest.mark.parametrize(
    ("name", "start"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG"), ("a.png.svg", b"<?xml")]
)
def test_the_ending_decides_the_format(name: str, start: bytes, tmp_path: Path) -> None:
    write_picture(tmp_path / name, draw)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.pdf", "a", ".svg", "a.svg.gz"])
def test_other_endings_are_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        format_of(tmp_path / name)
    assert caught.value.hint == "the name ends in .svg or .png"
    with pytest.raises(UsageError):
        check_target(tmp_path / name)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    for target in (tmp_path / "none" / "a.svg", tmp_path / "folder.svg"):
        with pytest.raises(UsageError, match="cannot be written"):
            write_picture(target, draw)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_a_picture_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    old = tmp_path / "a.svg"
    old.write_text("old")

    def fail() -> Picture:
        raise UsageError("nothing to draw")

    with pytest.raises(UsageError, match="nothing to draw"):
        write_picture(old, fail)
    assert old.read_text() == "old"
