"""The sandbox itself: both systems behind one port, in a thread of its own."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import traceback
from types import TracebackType
from typing import Self

from renkei_sandbox.clock import Clock
from renkei_sandbox.control import Control
from renkei_sandbox.journal import Entry, Journal
from renkei_sandbox.messages import Answer, Request, dump
from renkei_sandbox.people import populate
from renkei_sandbox.server import serve
from renkei_sandbox.smarthr import SmartHR
from renkei_sandbox.system import System
from renkei_sandbox.tenants import Tenants
from renkei_sandbox.touchontime import TouchOnTime

_WRITES = frozenset({"create", "update", "delete"})


class Sandbox:
    """SmartHR and Touch On Time on loopback, with invented people.

    Use it as a context manager, or call `start` and `stop`.
    """

    def __init__(
        self,
        people: int = 300,
        seed: int = 1,
        now: str | dt.datetime | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        companies: int = 0,
    ) -> None:
        """Prepare *people* in both systems; *now* sets the clock; port 0 takes a free one.

        With *companies* there are that many tenants of *people* each, and nobody beside them.
        """
        self.clock = Clock(now)
        self.smarthr = SmartHR(self.clock, seed)
        self.touchontime = TouchOnTime(self.clock, seed)
        self.tenants = Tenants(self.smarthr, self.touchontime, companies, people, seed)
        self.cases = populate(self.smarthr, self.touchontime, 0 if companies else people, seed)
        """The numbers of the people made awkward on purpose, by case."""
        self.url = ""
        self._journal = Journal()
        self._control = Control(self, self._journal)
        self._host, self._port = host, port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def systems(self) -> dict[str, System]:
        """Both systems by name."""
        return {self.smarthr.name: self.smarthr, self.touchontime.name: self.touchontime}

    @property
    def journal(self) -> list[Entry]:
        """Every request received so far, in order of arrival."""
        return self._journal.entries()

    def writes(self, system: str) -> list[Entry]:
        """Return the creates, updates and deletes that *system* carried out, in order."""
        return [
            entry
            for entry in self.journal
            if entry.system == system and entry.accepted and entry.kind in _WRITES
        ]

    def clear_journal(self) -> None:
        """Forget all requests so far."""
        self._journal.clear()

    def start(self) -> Self:
        """Begin to serve, and return when the port is open.

        Raises:
            OSError: If the port cannot be had.
        """
        ready = threading.Event()
        failures: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._run, args=(ready, failures), name="renkei-sandbox", daemon=True
        )
        self._thread.start()
        ready.wait()
        if failures:
            self._thread.join()
            raise failures[0]
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread is None or self._loop is None or self._task is None:
            return
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self, ready: threading.Event, failures: list[BaseException]) -> None:
        def opened(port: int) -> None:
            self.url = f"http://{self._host}:{port}"
            for system in (*self.systems.values(), *self.tenants.systems()):
                system.origin = self.url
            ready.set()

        self._loop = loop = asyncio.new_event_loop()
        self._task = loop.create_task(serve(self._respond, self._host, self._port, opened))
        try:
            loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except OSError as error:
            failures.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
            ready.set()

    async def _respond(self, request: Request) -> tuple[Answer, Entry | None]:
        if request.segments[0] == "_sandbox":
            return self._control.answer(request), None
        tenant = self.tenants.whose(request)
        systems = self.systems if tenant is None else tenant.systems
        system = systems.get(request.segments[0])
        entry = Entry(
            at=self.clock.now(),
            system="" if system is None else system.name,
            tenant="" if tenant is None else tenant.name,
            method=request.method,
            path=request.path,
            query=request.query,
            body=_body(request),
        )
        self._journal.add(entry)
        if system is None:
            return Answer(status=404, body=dump({"error": "no such system"})), entry
        try:
            return await system.respond(request, entry), entry
        except Exception:  # noqa: BLE001 - a mistake of ours must not look like a fault asked for
            traceback.print_exc()
            return Answer(status=500, body=dump({"error": "the sandbox itself failed"})), entry


def _body(request: Request) -> object:
    """Return the body as the journal keeps it: parsed, or as text, or None."""
    if not request.body:
        return None
    try:
        return request.json()
    except ValueError:
        return request.body.decode("utf-8", "replace")
