"""For what watches the dashboard, without a log-in: does it live, can it work, how much is done."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import sqlalchemy as sa
from attrs import Factory, define, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from renkei.config import load_main
from renkei.errors import RenkeiError
from renkei.operation.metrics import Scrapes
from renkei.operation.ready import unready
from renkei_web.database import Database
from renkei_web.tables import users

KEPT_S = 1.0
"""Seconds for which an answer stands: however often strangers ask, the store is looked at once."""


@define
class Probes:
    """Answers for a process with the configuration at *path*, and the dashboard's own database."""

    path: Path
    database: Database
    _why: str | None = None
    _asked: float | None = None
    _lock: threading.Lock = field(factory=threading.Lock)
    _scrapes: Scrapes = field(default=Factory(lambda self: Scrapes(self.path), takes_self=True))

    async def healthy(self, _request: Request) -> Response:
        """Say that the process answers; nothing is opened for it."""
        return PlainTextResponse("ok\n")

    async def ready(self, _request: Request) -> Response:
        """Say whether the store can be worked with; if not, a code, for those who have the log."""
        why = await run_in_threadpool(self._looked)
        return PlainTextResponse("ok\n") if why is None else PlainTextResponse(f"{why}\n", 503)

    async def metrics(self, request: Request) -> Response:
        """Give figures to a monitor that shows the token."""
        given = request.headers.get("authorization")
        found = await run_in_threadpool(self._scrapes.answer, given)
        return Response(found.text, found.status, headers=found.headers)

    def _looked(self) -> str | None:
        with self._lock:
            if self._asked is None or time.monotonic() - self._asked >= KEPT_S:
                self._why, self._asked = self._look(), time.monotonic()
            return self._why

    def _look(self) -> str | None:
        try:
            with self.database.reading() as connection:
                connection.execute(sa.select(users.c.id).limit(1))
        except RenkeiError:
            return "dashboard"
        try:
            return unready(load_main(self.path))
        except RenkeiError:
            return "configuration"
