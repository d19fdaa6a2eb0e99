from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report import hostile
from tests.report.sample import arena, board, rating, read_data

from palestra.errors import DataError
from palestra.records.rating import Interval
from palestra.report.html import board_decimals, embedded, heat, write_report
from palestra.report.page import duration, lead, moment, money

CSS = Path(__file__).parents[2] / "src/palestra/report/templates/report.css"


@given(st.text())
def test_embedded_json_reads_back_and_cannot_end_its_element(text: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    found = embedded({"text": clean})
    assert not set(found) & set("<>&\u2028\u2029")
    assert json.loads(found) == {"text": clean}


def test_the_report_lies_in_the_folder_and_nothing_else_is_left_there(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 3).write(tmp_path)
    before = {path.name for path in folder.iterdir()}
    assert write_report(folder) == folder / "report.html"
    assert {path.name for path in folder.iterdir()} == before | {"report.html"}


def test_the_same_folder_makes_the_same_bytes(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 3).write(tmp_path / "run")
    first = write_report(folder).read_bytes()
    assert write_report(folder, tmp_path / "other.html").read_bytes() == first


def test_every_script_and_style_is_allowed_by_its_hash_alone(tmp_path: Path) -> None:
    html = write_report(hostile.sample().write(tmp_path)).read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    allowed = policy[1].replace("&#39;", "'")
    assert "unsafe" not in allowed
    assert "default-src 'none'" in allowed
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        code = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{code}'" in allowed


def test_no_hostile_text_becomes_markup(tmp_path: Path) -> None:
    html = write_report(hostile.sample().write(tmp_path)).read_text(encoding="utf-8")
    assert len(re.findall(r"<script", html)) == 2
    assert len(re.findall(r"<style", html)) == 1
    assert not re.findall(r"<img|<svg onload|<b>Judge", html)
    assert not re.findall(r"\sstyle=|\son\w+=\"", re.sub(r">[^<]*<", "><", html))
    assert "49" not in re.findall(r"<bdi>(.*?)</bdi>", html)


def test_the_page_names_no_place_to_load_from(tmp_path: Path) -> None:
    html = write_report(arena(["a", "b", "c"], 2).write(tmp_path)).read_text(encoding="utf-8")
    places = re.findall(r'(?:src|href|action|poster|srcset)="([^"]*)"', html)
    assert places
    assert all(place.startswith(("#", "data:")) for place in places)
    assert "url(" not in html
    assert "@import" not in html


def test_a_hundred_answers_to_many_battles_are_written_once(tmp_path: Path) -> None:
    sample = arena([f"m{number}" for number in range(10)], 10, text="x" * 2000)
    html = write_report(sample.write(tmp_path)).read_text(encoding="utf-8")
    assert len(sample.battles) == 450
    assert html.count("x" * 2000) == 100
    assert len(read_data(html)["rows"]) == 450  # type: ignore[arg-type]


def test_every_section_is_there(tmp_path: Path) -> None:
    html = write_report(hostile.sample().write(tmp_path)).read_text(encoding="utf-8")
    for section in ("leaderboard", "win-rates", "groups", "battles", "judges", "failures", "cost", "method"):
        assert f'<section id="{section}"' in html
        assert f'href="#{section}"' in html
    for kind in ("timeout", "rate limit", "auth", "content filter", "unreadable", "missing"):
        assert kind in html
    assert "20261122T144700Z-0a1b2c" in html


def test_what_makes_no_call_has_no_missing_price(tmp_path: Path) -> None:
    sample = arena(["a", "b", "c"], 1)
    spend = [row.model_dump() | {"cost_usd": None} for row in sample.spend()]
    sample.manifest = {"spend": [row | {"endpoint_type": "recorded", "takes_seed": False} for row in spend]}
    free = write_report(sample.write(tmp_path / "free")).read_text(encoding="utf-8")
    sample.manifest = {"spend": [row | {"takes_seed": False} for row in spend]}
    paid = write_report(sample.write(tmp_path / "paid")).read_text(encoding="utf-8")
    for words in ("no price is known", "not taken by a, b, c, Judge"):
        assert words in paid
        assert words not in free


def test_a_key_in_an_old_config_is_left_out(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 1).write(tmp_path)
    (folder / "config.yaml").write_text("models: [{label: a, api_key: canary-key}]")
    assert "canary-key" not in write_report(folder).read_text(encoding="utf-8")


def test_a_run_without_a_battle_makes_a_page(tmp_path: Path) -> None:
    sample = arena(["a", "b", "c"], 1)
    sample.battles, sample.verdicts = [], []
    sample.board = board([], 0, components=[])
    html = write_report(sample.write(tmp_path)).read_text(encoding="utf-8")
    assert "No battle was decided" in html


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 1).write(tmp_path / "run")
    for out in (tmp_path, tmp_path / "no" / "report.html", folder / "config.yaml" / "report.html"):
        with pytest.raises(DataError) as caught:
            write_report(folder, out)
        assert str(tmp_path) in (caught.value.path or "")


def test_a_damaged_folder_leaves_the_old_report_alone(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 1).write(tmp_path)
    before = write_report(folder).read_bytes()
    (folder / "battles.jsonl").write_text("broken")
    with pytest.raises(DataError):
        write_report(folder)
    assert (folder / "report.html").read_bytes() == before


def test_the_lead_says_who_else_could_be_first() -> None:
    clear = [rating("a", 1), rating("b", 2), rating("c", 3)]
    open_race = [rating("a", 1, rank_high=2), rating("b", 2, rank_low=1), rating("c", 3)]
    anyone = [rating("a", 1), rating("b", 2, rank_low=1), rating("c", 3, rank_low=1)]
    assert lead(board(clear)) == "a leads 2 other models, clear of them all."
    assert lead(board(open_race)) == "a leads 2 other models; b could also be first."
    assert lead(board(anyone)) == "a leads 2 other models, but the intervals allow any of them to be first."
    assert lead(board(clear[:1])) == "a is the only model with a battle."


def test_the_lead_claims_nothing_where_nothing_can_be_said() -> None:
    rows = [rating("a", 1), rating("b", 2), rating("c", 3)]
    assert "no ranking" in lead(board([]))
    assert "no single ranking" in lead(board(rows, components=[["a", "b"], ["c"]]))
    assert "may be chance" in lead(board(rows, interval=Interval("none", 0.95)))


def test_many_rivals_are_not_all_listed() -> None:
    rivals = [rating(f"r{number}", number + 2, rank_low=1) for number in range(6)]
    text = lead(board([rating("a", 1), *rivals, rating("z", 8)]))
    assert text == "a leads 7 other models; r0, r1, r2 and 3 more could also be first."


def test_times_and_sums_read_as_people_say_them() -> None:
    assert moment(1_763_000_000.0) == "13 November 2025, 02:13 UTC"
    assert moment(1e300) != ""
    assert [duration(t) for t in (-1.0, 2.34, 45, 754, 7200)] == ["0.0 s", "2.3 s", "45 s", "13 min", "2.0 h"]
    assert [money(usd) for usd in (None, 0, 0.00123, 1234.5)] == ["–", "$0.00", "$0.0012", "$1,234.50"]


def test_wide_intervals_need_no_decimals() -> None:
    assert board_decimals(board([rating("a", 1, 1000.0)])) == 0
    assert board_decimals(board([rating("a", 1, 1000.0, ci_low=999.0, ci_high=1001.0)])) == 1


@pytest.mark.parametrize(("share", "step"), [(0.0, 0), (0.5, 5), (1.0, 10), (0.44, 4), (-1.0, 0), (2.0, 10)])
def test_shades_run_from_a_sure_loss_to_a_sure_win(share: float, step: int) -> None:
    assert heat(share) == step


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIR = r"light-dark\((#\w{6}), (#\w{6})\)"


def _colours() -> dict[str, tuple[str, str]]:
    return {m[1]: (m[2], m[3]) for m in re.finditer(rf"--(\w[\w-]*): {PAIR}", CSS.read_text())}


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("soft", "paper"),
        ("soft", "sunken"),
        ("win", "paper"),
        ("win", "sunken"),
        ("win", "win-wash"),
        ("loss", "loss-wash"),
        ("ink", "loss-wash"),
    ],
)
def test_text_meets_wcag_aa_in_both_schemes(scheme: int, text: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    colours = _colours()
    assert _contrast(colours[text][scheme], colours[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_shade_of_the_matrix_keeps_its_numbers_readable(scheme: int) -> None:
    shades = re.findall(rf"\.h\d+ {{ background: {PAIR}", CSS.read_text())
    assert len(shades) == 11
    assert min(_contrast(shade[scheme], _colours()["ink"][scheme]) for shade in shades) >= 4.5
