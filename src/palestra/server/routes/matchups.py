"""Blind battles and named ones: begin, follow, ask on, vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from palestra.server.context import Context, InContext, InSession, MaybeSession
from palestra.server.event_stream import EventStream, Visitor
from palestra.server.live.asking import Asked
from palestra.server.live.decision import Decision
from palestra.server.live.events import Reader
from palestra.server.live.shapes import MatchupShape, RevealShape
from palestra.server.live.views import matchup_view, reveal_view
from palestra.server.problems import Problem
from palestra.server.security import address_of
from palestra.server.sessions import Session

if TYPE_CHECKING:
    from palestra.server.live.matchup import LiveMatchup

router = APIRouter(prefix="/api", tags=["battles"])

_SHAPE: dict[int | str, dict[str, Any]] = {200: {"model": MatchupShape}}
_MADE: dict[int | str, dict[str, Any]] = {201: {"model": MatchupShape}}
_LANGUAGE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewMatchup(_Body):
    """A prompt for hidden models, or with `models` for those."""

    prompt: str
    system: str | None = None
    size: Literal[2, 3, 4] | None = None
    """How many hidden models."""
    models: Annotated[list[str], Field(min_length=2, max_length=100)] | None = None
    language: Annotated[str, Field(pattern=_LANGUAGE, max_length=35)] | None = None
    """Of the prompt, such as `en`, if the page knows it."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.size is not None and self.models is not None:
            raise ValueError("give either size (hidden models) or models (by name)")
        return self


class NewTurn(_Body):
    """A further question to all models of a matchup."""

    prompt: str


class Ballot(_Body):
    """A vote: a winner, or a ranking, best first."""

    token: Annotated[str, Field(max_length=200)]
    winner: Annotated[str, Field(max_length=16)] | None = None
    """A slot's letter, `tie` or `both_bad`."""
    ranking: Annotated[list[str], Field(min_length=2, max_length=100)] | None = None
    """Slots' letters."""

    @model_validator(mode="after")
    def _decided(self) -> Self:
        if self.winner is None and self.ranking is None:
            raise ValueError("give a winner or a ranking")
        if self.winner is not None and self.ranking is not None and self.winner != self.ranking[0]:
            raise ValueError("the winner is not the ranking's first")
        return self

    def decision(self) -> Decision:
        """What it says."""
        if self.ranking is not None:
            return Decision(self.ranking[0], tuple(self.ranking))
        return Decision(self.winner or "")


class RandomPrompt(BaseModel):
    """A prompt to begin with."""

    prompt: str
    category: str | None


@router.get("/prompts/random")
async def random_prompt(context: InContext) -> RandomPrompt:
    """A prompt drawn at random; 404 if the arena lists none."""
    drawn = context.prompts.draw()
    if drawn is None:
        raise Problem(404, "This arena lists no prompts.", hint="list some in the config, as example_prompts")
    return RandomPrompt(prompt=drawn.text, category=drawn.category)


@router.post("/matchups", status_code=201, responses=_MADE)
async def begin(body: NewMatchup, request: Request, context: InContext, session: InSession) -> JSONResponse:
    """Begin a battle of hidden models, or of those that are named."""
    prompt = _checked(body.prompt, context, "prompt")
    system = _checked(body.system, context, "system") if body.system and body.system.strip() else None
    most = context.settings.config.serve.max_models
    if body.models is not None and len(body.models) > most:
        raise Problem(422, f"models: {len(body.models)} models; at most {most} are asked side by side.")
    await _count_battle(request, context, session, len(body.models or ()))
    asked = Asked((prompt,), context.prompts.recognise(prompt), system, body.language)
    voter = context.sessions.voter_hash(session)
    if body.models is None:
        size = body.size or context.settings.config.serve.panel
        live = await context.hub.begin_blind(voter, asked, size)
    else:
        live = await context.hub.begin_named(voter, asked, body.models)
    return _reply(live, context, session, 201)


@router.get("/matchups/current", responses={200: {"model": MatchupShape | None}})
async def current(context: InContext, session: MaybeSession) -> JSONResponse:
    """The visitor's open blind battle, or null."""
    live = None if session is None else context.hub.current(context.sessions.voter_hash(session))
    return JSONResponse(None) if live is None or session is None else _reply(live, context, session)


@router.get("/matchups/{matchup_id}", responses=_SHAPE)
async def matchup(matchup_id: str, context: InContext, session: InSession) -> JSONResponse:
    """A battle of the visitor's."""
    return _reply(_own(matchup_id, context, session), context, session)


@router.get("/matchups/{matchup_id}/events", response_class=EventStream)
async def events(matchup_id: str, request: Request, context: InContext, session: InSession) -> EventStream:
    """A battle as it goes on: a snapshot, then deltas, answers that ended, and the end."""
    live = _own(matchup_id, context, session)
    token = context.sessions.battle_token(live.id, session)
    reader = Reader(live, context.roster, token, context.streams)
    visitor = Visitor(session.voter, address_of(request))
    return EventStream(reader.events(), context.streams, visitor=visitor)


@router.post("/matchups/{matchup_id}/turns", responses=_SHAPE)
async def add_turn(
    matchup_id: str, body: NewTurn, request: Request, context: InContext, session: InSession
) -> JSONResponse:
    """Ask all models of a battle a further question."""
    prompt = _checked(body.prompt, context, "prompt")
    live = _own(matchup_id, context, session)
    await _count_battle(request, context, session, 0 if live.is_blind else live.size)
    await context.hub.add_turn(live, prompt, context.settings.config.serve.max_turns)
    return _reply(live, context, session)


@router.post("/matchups/{matchup_id}/regenerate", responses=_SHAPE)
async def regenerate(
    matchup_id: str, request: Request, context: InContext, session: InSession
) -> JSONResponse:
    """Have the last turn answered again, by all models."""
    live = _own(matchup_id, context, session)
    await _count_battle(request, context, session, 0 if live.is_blind else live.size)
    await context.hub.regenerate(live)
    return _reply(live, context, session)


@router.post("/matchups/{matchup_id}/stop", responses=_SHAPE)
async def stop(matchup_id: str, context: InContext, session: InSession) -> JSONResponse:
    """Stop what is being said, and keep what is there."""
    live = _own(matchup_id, context, session)
    await context.hub.stop(live)
    return _reply(live, context, session)


@router.post("/matchups/{matchup_id}/replace", status_code=201, responses=_MADE)
async def replace(matchup_id: str, request: Request, context: InContext, session: InSession) -> JSONResponse:
    """Give a blind battle up: the same prompt to other models."""
    live = _own(matchup_id, context, session)
    await _count_battle(request, context, session)
    return _reply(await context.hub.replace(live), context, session, 201)


@router.post("/matchups/{matchup_id}/vote", responses={200: {"model": RevealShape}})
async def vote(
    matchup_id: str, body: Ballot, request: Request, context: InContext, session: InSession
) -> JSONResponse:
    """Vote, and learn who it was. The same vote again gives the same; another one 409."""
    address = address_of(request)
    await context.limits.vote(session.voter, address)
    if not context.sessions.battle_token_is_right(body.token, matchup_id, session):
        raise Problem(403, "The battle's token is missing or wrong; load the page again.", code="token")
    live = _own(matchup_id, context, session)
    live = await context.votes.cast(live, body.decision(), context.sessions.address_hash(address))
    return JSONResponse(reveal_view(live, context.roster))


def _own(matchup_id: str, context: Context, session: Session) -> LiveMatchup:
    return context.hub.get(matchup_id, context.sessions.voter_hash(session))


def _reply(live: LiveMatchup, context: Context, session: Session, status: int = 200) -> JSONResponse:
    token = context.sessions.battle_token(live.id, session)
    return JSONResponse(matchup_view(live, context.roster, token), status_code=status)


def _checked(text: str, context: Context, name: str) -> str:
    """A prompt that can be asked and stored."""
    most = context.settings.config.serve.max_prompt_chars
    if not text.strip():
        raise Problem(422, f"{name}: write something first.")
    if len(text) > most:
        raise Problem(413, f"{name}: {len(text)} characters; at most {most} are taken.", code="length")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Problem(422, f"{name}: it holds a character that is none.")
    return text


async def _count_battle(request: Request, context: Context, session: Session, n_named: int = 0) -> None:
    await context.limits.battle(session.voter, address_of(request), max(n_named, 2))
