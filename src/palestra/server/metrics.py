"""Counters for Prometheus. No label ever holds a model's name, so that no counter tells who meets whom."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
"""Those that are counted by name: a visitor may send any word as a method."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """What one server counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "palestra_requests_total",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "palestra_request_seconds",
            "Seconds to the end of a reply, streams left out.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.streams = Gauge("palestra_streams_open", "Event streams that are open.", registry=self.registry)
        self.matchups = Counter(
            "palestra_matchups_total", "Matchups begun, by kind.", ("kind",), registry=self.registry
        )
        self.votes = Counter(
            "palestra_votes_total",
            "Votes counted, by kind and outcome.",
            ("kind", "outcome"),
            registry=self.registry,
        )
        self.answers = Counter(
            "palestra_answers_total", "Answers that ended, by outcome.", ("outcome",), registry=self.registry
        )
        self.first_token_seconds = Histogram(
            "palestra_first_token_seconds",
            "Seconds to an answer's first text, over all models; none where serve.pad_start hides it.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.answer_seconds = Histogram(
            "palestra_answer_seconds",
            "Seconds that an answer took, over all models; none where serve.pad_start hides it.",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Everything counted, as Prometheus reads it."""
        return generate_latest(self.registry)


class CountRequests:
    """Counts each request under the template of its route, so that no label holds an id or a name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, streamed = time.perf_counter(), 500, False

        async def noting(message: Message) -> None:
            nonlocal status, streamed
            if message["type"] == "http.response.start":
                status = message["status"]
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                streamed = any(kind.startswith(b"text/event-stream") for kind in kinds)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            metrics: Metrics = scope["app"].state.context.metrics
            route = getattr(scope.get("route"), "path", None) or "(none)"
            method = scope["method"] if scope["method"] in _METHODS else "other"
            metrics.requests.labels(method, route, str(status)).inc()
            if not streamed:
                metrics.request_seconds.labels(route).observe(time.perf_counter() - started)
