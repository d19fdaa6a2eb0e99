"""Pages and files of the built bundle."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from palestra.server.assets import PAGES, Assets, pages_router

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "console.log('hello');" * 100


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "docs").mkdir()
    (static / "index.html").write_text("<!doctype html><title>Arena</title>")
    (static / "assets" / "main-abc.js").write_text(SCRIPT)
    (static / "assets" / "font-abc.woff2").write_bytes(b"\0" * 2000)
    (static / "docs" / "swagger-ui.css").write_text("body {}")
    (tmp_path / "secret.txt").write_text("secret")
    return client_of(Assets(static))


def client_of(assets: Assets) -> TestClient:
    app = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False)
    app.include_router(pages_router(assets))
    return TestClient(app)


@pytest.mark.parametrize("path", [path.replace("{label:path}", "org/name") for path in PAGES])
def test_every_page_is_the_index(client: TestClient, path: str) -> None:
    for shown in (path, path.rstrip("/") + "/"):
        reply = client.get(shown)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "Arena" in reply.text
        assert reply.headers["cache-control"] == "no-cache"


def test_hashed_files_are_kept_for_good_and_sent_compressed(client: TestClient) -> None:
    reply = client.get("/assets/main-abc.js", headers={"Accept-Encoding": "gzip"})
    assert reply.text == SCRIPT
    assert reply.headers["content-encoding"] == "gzip"
    assert int(reply.headers["content-length"]) < len(gzip.compress(SCRIPT.encode(), 1)) + 20
    assert "immutable" in reply.headers["cache-control"]
    assert reply.headers["content-type"].startswith("text/javascript")
    plain = client.get("/assets/main-abc.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    font = client.get("/assets/font-abc.woff2", headers={"Accept-Encoding": "gzip"})
    assert (font.headers["content-type"], "content-encoding" in font.headers) == ("font/woff2", False)


def test_what_the_browser_has_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/").headers["etag"]
    reply = client.get("/", headers={"If-None-Match": tag})
    assert (reply.status_code, reply.content) == (304, b"")


@pytest.mark.parametrize("path", ["/assets/gone.js", "/api/nothing", "/../secret.txt", "/%2e%2e/secret.txt"])
def test_what_is_not_there_is_told_as_json(client: TestClient, path: str) -> None:
    reply = client.get(path, headers={"Accept": "text/html" if "assets" in path else "*/*"})
    assert (reply.status_code, set(reply.json())) == (404, {"error"})


def test_an_unknown_page_is_the_app_with_404(client: TestClient) -> None:
    reply = client.get("/nonsense", headers={"Accept": "text/html,*/*"})
    assert reply.status_code == 404
    assert "Arena" in reply.text


def test_the_documentation_comes_from_here(client: TestClient) -> None:
    page = client.get("/docs")
    assert "unsafe" not in page.headers["content-security-policy"]
    for name in ("swagger-ui-bundle.js", "docs.js", "swagger-ui.css"):
        assert f'"/docs/{name}"' in page.text
    assert "://" not in page.text
    assert "<script>" not in page.text
    assert client.get("/docs/docs.js").status_code == 200
    assert client.get("/docs/swagger-ui.css").text == "body {}"
    assert client.get("/docs/other.js").status_code == 404


def test_without_a_bundle_the_page_says_so(tmp_path: Path) -> None:
    reply = client_of(Assets(tmp_path)).get("/leaderboard")
    assert reply.status_code == 503
    assert "make frontend" in reply.text


def test_a_file_that_went_away_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "x.js").write_text("x")
    client = client_of(Assets(tmp_path))
    (tmp_path / "assets" / "x.js").unlink()
    assert client.get("/assets/x.js").status_code == 404
