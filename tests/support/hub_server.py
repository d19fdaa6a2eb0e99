"""A Hugging Face hub in memory, as far as uploading a dataset goes: who am I, create, preupload, LFS, commit.

`hub_running()` serves one; its `Hub` holds what was stored, and counts calls.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from tests.support.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "hf_" + "writeWRITEwrite0123456789abcdefghi"
"""Of ann, who may write to what is hers."""
READ_TOKEN = "hf_" + "readREADread0123456789abcdefghijklm"
"""Of ann, and may only read."""
LARGE = 20_000
"""Bytes from which a file is kept by LFS."""


@dataclass
class Repo:
    """A dataset."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    lfs: set[str] = field(default_factory=set)
    """Names of the files that LFS keeps."""
    commits: list[str] = field(default_factory=lambda: ["0" * 40])

    def oid(self, name: str) -> str | None:
        """What names a file's content: of LFS its SHA-256, of others git's hash of a blob."""
        data = self.files.get(name)
        if data is None:
            return None
        if name in self.lfs:
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass
class Hub:
    """What the server holds."""

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    """What LFS holds, by SHA-256."""
    calls: Counter[str] = field(default_factory=Counter)
    failing: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Call → the status and message with which it fails."""
    waiting: set[str] = field(default_factory=set)
    """Calls that are never answered."""


class RefusalError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@contextmanager
def hub_running() -> Iterator[Hub]:
    """A hub on a free port."""
    hub = Hub()
    with serve(hub_app(hub)) as hub.url:
        yield hub


def hub_app(hub: Hub) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.hub = hub
    app.add_exception_handler(RefusalError, _tell)
    for method, path, route in (
        ("GET", "/api/whoami-v2", whoami),
        ("POST", "/api/validate-yaml", validate),
        ("POST", "/api/repos/create", create),
        ("GET", "/api/datasets/{user}/{name}", info),
        ("GET", "/api/datasets/{user}/{name}/revision/{revision}", info),
        ("POST", "/api/datasets/{user}/{name}/preupload/{revision}", preupload),
        ("POST", "/datasets/{user}/{name}.git/info/lfs/objects/batch", batch),
        ("PUT", "/lfs/{oid}", put),
        ("POST", "/lfs/{oid}/verify", verify),
        ("POST", "/api/datasets/{user}/{name}/commit/{revision}", commit),
    ):
        app.add_api_route(path, route, methods=[method])
    return app


async def _tell(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusalError)
    return JSONResponse({"error": error.message}, error.status, headers={"X-Error-Message": error.message})


def _hub(request: Request, call: str, *, writes: bool = False) -> Hub:
    """The hub, if the caller may do this."""
    hub: Hub = request.app.state.hub
    hub.calls[call] += 1
    if call in hub.failing:
        raise RefusalError(*hub.failing[call])
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token not in (TOKEN, READ_TOKEN):
        raise RefusalError(401, "Invalid user token.")
    if writes and token != TOKEN:
        raise RefusalError(403, "Forbidden: you must use a write token to upload to a repository.")
    return hub


def _repo(hub: Hub, user: str, name: str) -> Repo:
    found = hub.repos.get(f"{user}/{name}")
    if found is None:
        raise RefusalError(404, "Repository not found")
    return found


async def whoami(request: Request) -> dict[str, Any]:
    _hub(request, "whoami")
    return {"type": "user", "name": "ann", "auth": {"type": "access_token"}}


async def validate(request: Request) -> JSONResponse:
    _hub(request, "validate")
    content = (await request.json())["content"]
    try:
        _, front, _ = content.split("---\n", 2)
        assert isinstance(yaml.safe_load(front), dict)
    except (ValueError, AssertionError, yaml.YAMLError):
        return JSONResponse({"errors": [{"message": "no valid YAML"}], "warnings": []}, 400)
    return JSONResponse({"errors": [], "warnings": []})


async def create(request: Request) -> Response:
    hub = _hub(request, "create", writes=True)
    body = await request.json()
    assert body["type"] == "dataset"
    user = body.get("organization") or "ann"
    if user != "ann":
        raise RefusalError(403, f"You don't have the rights to create a dataset under the namespace {user!r}")
    name = f"{user}/{body['name']}"
    url = f"{hub.url}/datasets/{name}"
    if name in hub.repos:
        return JSONResponse({"error": "You already created this dataset repo", "url": url}, 409)
    hub.repos[name] = Repo(private=body.get("visibility") == "private" or body.get("private", False))
    return JSONResponse({"url": url, "name": name})


async def info(request: Request, user: str, name: str) -> dict[str, Any]:
    repo = _repo(_hub(request, "info"), user, name)
    return {"id": f"{user}/{name}", "sha": repo.commits[-1], "private": repo.private, "tags": []}


async def preupload(request: Request, user: str, name: str, revision: str) -> dict[str, Any]:
    repo = _repo(_hub(request, "preupload", writes=True), user, name)
    return {
        "files": [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["size"] >= LARGE else "regular",
                "shouldIgnore": False,
                "oid": repo.oid(file["path"]),
            }
            for file in (await request.json())["files"]
        ]
    }


async def batch(request: Request, user: str, name: str) -> dict[str, Any]:
    hub = _hub(request, "batch", writes=True)
    _repo(hub, user, name)
    objects: list[dict[str, Any]] = []
    for wanted in (await request.json())["objects"]:
        actions = {
            "upload": {"href": f"{hub.url}/lfs/{wanted['oid']}"},
            "verify": {"href": f"{hub.url}/lfs/{wanted['oid']}/verify"},
        }
        objects.append(wanted if wanted["oid"] in hub.blobs else {**wanted, "actions": actions})
    return {"transfer": "basic", "objects": objects}


async def put(request: Request, oid: str) -> Response:
    """Where the bytes go; like a storage's signed address, it takes no token."""
    hub: Hub = request.app.state.hub
    hub.calls["put"] += 1
    if "put" in hub.failing:
        raise RefusalError(*hub.failing["put"])
    data = await request.body()
    if hashlib.sha256(data).hexdigest() != oid:
        raise RefusalError(400, "the content is not what was named")
    hub.blobs[oid] = data
    return Response()


async def verify(request: Request, oid: str) -> dict[str, Any]:
    hub = _hub(request, "verify", writes=True)
    if len(hub.blobs[oid]) != (await request.json())["size"]:
        raise RefusalError(400, "the size is not what was named")
    return {}


async def commit(request: Request, user: str, name: str, revision: str) -> dict[str, Any]:
    hub = _hub(request, "commit", writes=True)
    if "commit" in hub.waiting:
        await asyncio.Event().wait()
    repo = _repo(hub, user, name)
    raw = await request.body()
    for line in raw.splitlines():
        entry = json.loads(line)
        value = entry["value"]
        match entry["key"]:
            case "file":
                repo.files[value["path"]] = base64.b64decode(value["content"])
                repo.lfs.discard(value["path"])
            case "lfsFile":
                repo.files[value["path"]] = hub.blobs[value["oid"]]
                repo.lfs.add(value["path"])
    repo.commits.append(hashlib.sha1(repo.commits[-1].encode() + raw).hexdigest())
    oid = repo.commits[-1]
    return {"commitUrl": f"{hub.url}/datasets/{user}/{name}/commit/{oid}", "commitOid": oid}
