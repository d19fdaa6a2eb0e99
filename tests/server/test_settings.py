"""The admin's key is found or made, and kept from others."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from palestra.config.load import load_config
from palestra.config.schema import Config
from palestra.config.write import dump_config
from palestra.errors import ConfigError
from palestra.server.settings import ServerSettings, find_admin_key, shown_address

if TYPE_CHECKING:
    from pathlib import Path


def config(**serve: object) -> Config:
    return Config.model_validate({"serve": serve})


def test_the_configs_key_wins_then_the_environments(tmp_path: Path) -> None:
    env = {"PALESTRA_ADMIN_KEY": "from env", "MINE": "named"}
    place = str(tmp_path / "arena.db")
    assert find_admin_key(config(admin_api_key="written"), env, place) == ("written", None)
    assert find_admin_key(config(admin_api_key="${MINE}"), env, place) == ("named", None)
    assert find_admin_key(config(admin_api_key=""), env, place) == ("from env", None)
    assert find_admin_key(config(), env, place) == ("from env", None)
    assert not list(tmp_path.iterdir())


def test_else_one_is_made_once_that_only_the_owner_reads(tmp_path: Path) -> None:
    key, path = find_admin_key(config(), {}, str(tmp_path / "arena.db"))
    assert path == tmp_path / "arena.db.admin-key"
    assert len(key) >= 24
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert find_admin_key(config(), {}, str(tmp_path / "arena.db")) == (key, path)


@pytest.mark.parametrize(
    ("text", "mode", "said"), [("", 0o600, "no admin key"), ("key", 0o644, "others may read")]
)
def test_a_key_file_that_is_not_right_is_told(tmp_path: Path, text: str, mode: int, said: str) -> None:
    path = tmp_path / "arena.db.admin-key"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=said) as error:
        find_admin_key(config(), {}, str(tmp_path / "arena.db"))
    assert str(path) in str(error.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be kept"):
        find_admin_key(config(), {}, str(tmp_path / "no" / "arena.db"))


def test_the_key_is_never_shown_nor_written_on() -> None:
    given = config(admin_api_key="swordfish")
    settings = ServerSettings(config=given, database="x", admin_key="swordfish", secret="swordfish")
    for text in (repr(given), repr(settings), dump_config(given), given.model_dump_json()):
        assert "swordfish" not in text


def test_potatos_key_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "potato.yaml"
    path.write_text(
        "admin_api_key: swordfish\nport: 9000\n"
        "arena: {models: [{endpoint_type: ollama, model: a}, {endpoint_type: ollama, model: b}]}\n"
    )
    loaded = load_config(path, env={})
    assert find_admin_key(loaded.config, {}, str(tmp_path / "arena.db")) == ("swordfish", None)
    (warning,) = loaded.warnings
    assert "port" in warning
    assert "admin_api_key" not in warning


def test_addresses_are_shown_as_a_browser_takes_them() -> None:
    assert shown_address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert shown_address("::", 8000) == "http://[::1]:8000"
    assert shown_address("10.0.0.5", 8000) == "http://10.0.0.5:8000"


def test_only_a_server_of_this_machine_is_choosy_about_its_names() -> None:
    def hosts(**serve: object) -> frozenset[str] | None:
        return ServerSettings(config=config(**serve), database="x").hosts

    assert hosts() == frozenset({"127.0.0.1", "localhost", "::1"})
    assert hosts(proxy=True) is None
    assert hosts(host="0.0.0.0") is None
