"""Fixtures that every test may ask for. What they need is imported when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from tests.support.chat_server import ChatServer
    from tests.support.llama import Llama


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """A real llama-server with four answer models and a judge of known odds, sampling neutrally."""
    from tests.support.llama import llama_running

    program = require.llama_server()
    with llama_running(program, tmp_path_factory.mktemp("llama")) as server:
        yield server


@pytest.fixture(scope="session")
def fronts(llama: Llama) -> Iterator[str]:
    """The base URL of Gemini- and Ollama-shaped HTTP before `llama`."""
    from tests.support.fronts import fronts_app
    from tests.support.serve import serve

    with serve(fronts_app(llama.openai_url)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Closed after each file of tests: as long as it is open, no other event loop can run."""
    from tests.support.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    """A pretended chat server in a thread; `chat.behave(…)` says how it answers and what goes wrong."""
    from tests.support.chat_server import chat_in_thread

    with chat_in_thread() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server; see `postgres_url` for a database that is empty."""
    from tests.support.postgres import postgres_running

    with postgres_running(require.postgres()) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE arena")
        yield postgres_server.removesuffix("/postgres") + "/arena"
        connection.execute("DROP DATABASE arena WITH (FORCE)")
