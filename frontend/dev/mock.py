# ruff: noqa: E501
"""A stand-in for the server, with invented models and numbers: `python frontend/dev/mock.py PORT`.

It serves the built pages under the real Content-Security-Policy, so that they can be looked at in every state. Words
in a prompt choose the scene: `slow`, `fail`, `maths`, `long`, `thinking`, `busy` (429).
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from mock_data import ANSWERS, MODELS, battle, board, charts, model_page, rows
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

STATIC = Path(__file__).parents[2] / "src/palestra/server/static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
LIVE: dict[str, dict[str, Any]] = {}
STATE = {"current": "", "admin": False, "votes": 0}


def page(items: list[Any]) -> JSONResponse:
    """A list as the API gives it."""
    return JSONResponse({"items": items, "next": "more", "total": 1234})


def session(request: Request) -> JSONResponse:
    """Who is here."""
    return JSONResponse(
        {
            "csrf": "token",
            "arena": {"name": "mock"},
            "sample": False,
            "voter": {"votes": STATE["votes"]},
            "admin": STATE["admin"],
            "limits": {"prompt_chars": 20000, "turns": 6, "min_votes": 20},
            "panel_sizes": [2, 3, 4],
            "version": "0",
        }
    )


def public(live: dict[str, Any]) -> dict[str, Any]:
    """A matchup without what only the mock knows."""
    return {key: value for key, value in live.items() if not key.startswith("_")}


def new(body: dict[str, Any], prompt: str) -> dict[str, Any]:
    """Start a matchup."""
    named = body.get("models")
    chosen = (
        random.sample(MODELS, body.get("size", 2))
        if not named
        else [m for m in MODELS if m["label"] in named]
    )
    slots = [chr(97 + i) for i in range(len(chosen))]
    known = [{"slot": s, **m} for s, m in zip(slots, chosen, strict=True)]
    live = {
        "id": f"m{len(LIVE)}",
        "kind": "named" if named else "blind",
        "token": "t",
        "state": "open",
        "size": len(slots),
        "system": body.get("system"),
        "created": time.time(),
        "slots": slots,
        "models": known if named else None,
        "turns": [],
        "can_vote": False,
        "vote_now": False,
        "replaced_by": None,
        "reason": None,
        "reveal": None,
        "share": None,
        "_models": known,
    }
    LIVE[live["id"]] = live
    if not named:
        STATE["current"] = live["id"]
    add_turn(live, prompt)
    return live


def add_turn(live: dict[str, Any], prompt: str) -> None:
    """Another turn, all answers of which wait."""
    answers = [{"slot": s, "status": "waiting", "text": "", "thinking": ""} for s in live["slots"]]
    live["turns"].append({"turn": len(live["turns"]) + 1, "prompt": prompt, "answers": answers})
    live.update(can_vote=False, vote_now=False)
    live["_texts"] = [text_for(prompt, i) for i in range(len(answers))]


def text_for(prompt: str, slot: int) -> str:
    """What a slot answers."""
    for word, texts in ANSWERS.items():
        if word in prompt.lower():
            return texts[slot % len(texts)]
    return ANSWERS["plain"][slot % len(ANSWERS["plain"])]


async def create(request: Request) -> Response:
    """POST /api/matchups."""
    body = await request.json()
    if "busy" in body["prompt"]:
        error = {"error": "You started many battles in a short time."}
        return JSONResponse(error, status_code=429, headers={"Retry-After": "42"})
    return JSONResponse(public(new(body, body["prompt"])), status_code=201)


def sse(event: str, data: Any) -> str:
    """One event."""
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"


async def stream(live: dict[str, Any]) -> AsyncIterator[str]:
    """The events of a matchup."""
    yield sse("snapshot", public(live))
    turn = live["turns"][-1]
    pause = 0.12 if "slow" in turn["prompt"] else 0.03
    await asyncio.sleep(0.4)
    if "fail" in turn["prompt"] and not live.get("_again"):
        other = new({"size": live["size"]}, turn["prompt"].replace("fail", "f-a-i-l"))
        live.update(state="replaced", replaced_by=other["id"])
        yield sse("replaced", {"by": other["id"], "reason": "A model failed."})
        yield sse("end", {})
        return
    while not live["can_vote"] and live["state"] == "open":
        deltas = []
        for slot, answer in enumerate(turn["answers"]):
            full = live["_texts"][slot]
            if answer["status"] not in ("waiting", "streaming"):
                continue
            answer["status"] = "streaming"
            if "thinking" in turn["prompt"] and len(answer["thinking"]) < 300:
                deltas.append({"turn": turn["turn"], "slot": answer["slot"], "thinking": "Let me see … "})
                answer["thinking"] += "Let me see … "
                continue
            size = random.randint(8, 26) * (40 if len(full) > 20000 else 1)
            piece = full[len(answer["text"]) : len(answer["text"]) + size]
            answer["text"] += piece
            deltas.append({"turn": turn["turn"], "slot": answer["slot"], "text": piece})
            if len(answer["text"]) >= len(full):
                yield sse("delta", {"deltas": deltas})
                deltas = []
                yield finish(live, turn, answer)
        if deltas:
            yield sse("delta", {"deltas": deltas})
        await asyncio.sleep(pause)
    yield sse("end", {})


def finish(live: dict[str, Any], turn: dict[str, Any], answer: dict[str, Any], status: str = "done") -> str:
    """End one answer."""
    if live["kind"] == "named":
        facts = {
            "latency_ms": 2345,
            "first_token_ms": 400,
            "tokens_in": 20,
            "tokens_out": 321,
            "cost_usd": 0.0042,
        }
        answer.update(facts)
        if live["_models"][ord(answer["slot"]) - 97]["label"].endswith("-3b"):
            answer.update(
                status="failed", text="", failure={"kind": "timeout", "message": "No answer within 60 s."}
            )
    if answer["status"] != "failed":
        answer["status"] = status
    live["can_vote"] = all(a["status"] in ("done", "failed", "stopped") for a in turn["answers"])
    live["vote_now"] = not live["can_vote"]
    state = {"can_vote": live["can_vote"], "vote_now": live["vote_now"]}
    return sse("answer", {"turn": turn["turn"], "answer": answer, **state})


async def events(request: Request) -> Response:
    """GET /api/matchups/{id}/events."""
    live = LIVE[request.path_params["id"]]
    return StreamingResponse(stream(live), media_type="text/event-stream")


async def act(request: Request) -> Response:
    """What is asked of a matchup."""
    live, what = LIVE[request.path_params["id"]], request.path_params["what"]
    body = await request.json()
    if what == "turns":
        add_turn(live, body["prompt"])
    elif what == "regenerate":
        prompt = live["turns"].pop()["prompt"]
        add_turn(live, prompt)
    elif what == "stop":
        for answer in live["turns"][-1]["answers"]:
            if answer["status"] in ("waiting", "streaming"):
                finish(live, live["turns"][-1], answer, "stopped")
    elif what == "vote":
        return JSONResponse(vote(live, body))
    return JSONResponse(public(live))


def vote(live: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Decide a matchup."""
    winner = body.get("winner") or body["ranking"][0]
    models = []
    for model in live["_models"]:
        row = next(r for r in rows() if r["model"] == model["label"])
        after = {k: row[k] for k in ("rating", "ci_low", "ci_high", "rank", "n_battles", "enough")}
        move = 6.0 if winner == model["slot"] else -4.0
        before = {**after, "rating": after["rating"] - move, "ci_low": after["ci_low"] - move - 2}
        before["ci_high"] = after["ci_high"] - move + 2
        spent = {"latency_ms": 2345, "tokens_out": 321, "cost_usd": 0.0042}
        models.append({**model, "before": before, "after": after, **spent})
    reveal = {"winner": winner, "models": models, "counted": True, "note": None, "share": "/shared/s1"}
    live.update(state="voted", reveal=reveal, models=live["_models"], share="/shared/s1")
    STATE["current"] = ""
    STATE["votes"] += 1
    return reveal


def matchup(request: Request) -> Response:
    """GET /api/matchups/{id}, or the current one."""
    key = request.path_params["id"]
    if key == "current":
        return JSONResponse(public(LIVE[STATE["current"]]) if STATE["current"] else None)
    return JSONResponse(public(LIVE[key]))


def shared(request: Request) -> Response:
    """GET /api/shared/{id}."""
    live = new({}, "Why is the sky blue?")
    for slot, answer in enumerate(live["turns"][0]["answers"]):
        answer.update(status="done", text=live["_texts"][slot])
    vote(live, {"winner": "a"})
    return JSONResponse(public(live))


async def board_events(request: Request) -> Response:
    """A vote every few seconds."""

    async def later() -> AsyncIterator[str]:
        for seq in range(1000):
            yield sse("changed", {"n_battles": 100 + seq, "seq": seq})
            await asyncio.sleep(4)

    return StreamingResponse(later(), media_type="text/event-stream")


async def login(request: Request) -> Response:
    """Any key but `wrong` is right."""
    if (await request.json())["key"] == "wrong":
        return JSONResponse({"error": "That is not the admin key."}, status_code=403)
    STATE["admin"] = True
    return JSONResponse({"csrf": "token"})


def admin(request: Request) -> Response:
    """The lists of the admin page."""
    what = request.path_params["what"].split("/")[0]
    models = [
        {**m, "enabled": i != 2, "retired": i == 9, "weight": 1.0, "n_battles": 10, "configured": i < 11}
        for i, m in enumerate(MODELS)
    ]
    vote_row = {"matchup_id": "m1", "voter": "v3f9a", "winner": "a", "models": ["kestrel-9", "otter-mini-3b"]}
    votes = [
        {
            **vote_row,
            "matchup_id": f"m{i}",
            "flags": ["fast"] if i % 3 == 0 else [],
            "tstamp": time.time(),
            "seconds": 3.2,
            "prompt": "Why?",
        }
        for i in range(8)
    ]
    voters = [
        {
            "voter": f"v{i}f9a",
            "votes": 40 - i,
            "flagged": i % 3,
            "first": 1.7e9,
            "reasons": ["agrees with nobody"] if i % 3 else [],
            "last": 1.75e9,
        }
        for i in range(6)
    ]
    runs = [
        {
            "id": "r1",
            "state": "running",
            "judge": "Judge",
            "total": 80,
            "done": 31,
            "failed": 2,
            "created": 1.75e9,
        }
    ]
    found = {"models": models, "votes": votes, "voters": voters, "judge-runs": runs}.get(what)
    if request.method != "GET":
        return JSONResponse({})
    return JSONResponse({"items": found or [], "next": None, "total": len(found or []), "judges": ["Judge"]})


async def potato(request: Request) -> Response:
    """Potato's calls."""
    what = request.path_params["what"]
    if not STATE["admin"]:
        return JSONResponse({"error": "The admin key is needed."}, status_code=403)
    if what == "run":
        prompt = (await request.json())["prompt"]
        await asyncio.sleep(1)
        results = [
            {
                "label": m["label"],
                "model": m["label"],
                "response": text_for(prompt, i),
                "latency_ms": 1200,
                "error": None,
            }
            for i, m in enumerate(MODELS[:5])
        ]
        results[3].update(response="", error="timeout: no answer within 60 s")
        return JSONResponse({"prompt": prompt, "results": results})
    keys = ("wins", "comparisons", "win_rate", "win_rate_lo", "win_rate_hi", "elo", "bt_score")
    lines = [{"label": m["label"], **dict.fromkeys(keys)} for m in MODELS[:5]]
    lines[0].update(
        wins=7, comparisons=10, win_rate=0.7, win_rate_lo=0.397, win_rate_hi=0.892, elo=1040.2, bt_score=59.8
    )
    return JSONResponse({"recorded": True, "leaderboard": lines})


def static(request: Request) -> Response:
    """The built pages."""
    wanted = STATIC / request.path_params.get("path", "")
    return FileResponse(wanted if wanted.is_file() else STATIC / "index.html")


def opened(value: Any) -> Any:
    """A route that always says the same."""
    return lambda request: JSONResponse(value(request) if callable(value) else value)


ROUTES = [
    Route("/healthz", lambda r: PlainTextResponse("ok")),
    Route("/api/session", session),
    Route(
        "/api/prompts/random",
        opened({"prompt": "Why is the sky blue, and the sunset red?", "category": None}),
    ),
    Route("/api/matchups", create, methods=["POST"]),
    Route("/api/matchups/{id}", matchup),
    Route("/api/matchups/{id}/events", events),
    Route("/api/matchups/{id}/{what}", act, methods=["POST"]),
    Route("/api/shared/{id}", shared),
    Route("/api/leaderboard", opened(lambda r: board())),
    Route("/api/leaderboard/events", board_events),
    Route("/api/models", opened([{**m, "enabled": True, "retired": False} for m in MODELS])),
    Route("/api/models/{label:path}", opened(lambda r: model_page(r.path_params["label"]))),
    Route("/api/charts/{kind}", opened(lambda r: charts(r.path_params["kind"]))),
    Route("/api/battles", lambda r: page([battle(i) for i in range(24)])),
    Route("/api/battles/{id}", opened(lambda r: battle(int(r.path_params["id"][1:]), full=True))),
    Route("/api/runs", opened([{"name": "runs/demo", "n_battles": 80}])),
    Route("/api/admin/login", login, methods=["POST"]),
    Route("/api/admin/{what:path}", admin, methods=["GET", "POST", "PATCH", "DELETE"]),
    Route("/admin/arena/api/{what}", potato, methods=["GET", "POST"]),
    Route("/{path:path}", static),
]


class Headers:
    """The policy on every reply."""

    def __init__(self, app: Any) -> None:
        """Around `app`."""
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on."""

        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", CSP.encode())]
            await send(message)

        await self._app(scope, receive, add)


if __name__ == "__main__":
    uvicorn.run(Headers(Starlette(routes=ROUTES)), port=int(sys.argv[1]), log_level="warning")
