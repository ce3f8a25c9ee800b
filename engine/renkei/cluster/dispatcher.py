"""
Has jobs done by whichever worker has room: the second adapter of the port `Dispatcher`.

A job travels as its claim, through procrastinate, on the PostgreSQL of the store. The queue sees to
order, to one at a time for an account, and to telling all machines at once. Who is at a job, and
whether that one lives, the store knows: a delivery that comes twice, or late, finds that the claim
is taken or no more the newest. So what the queue loses is put into it again by any worker that
looks, and what it would hold up for a dead one is taken out. Why the queue itself tries nothing
again: docs/decisions/2026-11-29-cluster.md.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from attrs import define, field

from renkei.cluster.place import other_version, ours, prepare, unreachable
from renkei.cluster.putting import DELIVER, name_of, words_of
from renkei.database.server import driver_arguments
from renkei.errors import RenkeiError
from renkei.logs import log
from renkei.schedule.job import Claim
from renkei.store.owner import LIFETIME_S, RENEW_S

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job as Delivery

T = TypeVar("T")


POLL_S = 1.0
"""How often a worker asks for what nobody tells it of: that an account is free again."""

PATIENCE_S = 30.0
"""How long the queue may take for an answer."""

LET_GO_S = 10.0
"""
After this long what the queue was lost with is let go of, and others are begun beside the jobs at
work: their processes go on, and the store knows them.
"""


class Child(Protocol):
    """One job at work in a process."""

    def wait(self) -> int:
        """Wait for its end; return its exit code."""

    def stop(self) -> None:
        """Let it end after the employee in hand."""


@define
class Cluster:
    """
    Puts jobs into the queue in the database at *address*, and does what is there, *most* at a time.

    *launch* begins a job in a process; OSError if it cannot. *rest* lets go of processes that have
    none to do, and is called now and then. *give_up* is called once when workers of another version
    have taken the queue, *refused* tells so. A context manager; jobs that others have put there are
    done inside it.
    """

    address: str
    launch: Callable[[Claim], Child]
    most: int
    give_up: Callable[[], object] = lambda: None
    rest: Callable[[], object] = lambda: None
    refused: RenkeiError | None = field(default=None, init=False)
    _version: str = field(init=False, factory=ours)
    _app: App = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False, factory=asyncio.new_event_loop)
    _enough: asyncio.Event = field(init=False, factory=asyncio.Event)
    _thread: threading.Thread = field(init=False)
    _threads: ThreadPoolExecutor = field(init=False)
    _children: set[Child] = field(init=False, factory=set)
    _over: deque[Claim] = field(init=False, factory=deque)
    _known: tuple[float, frozenset[str]] = field(init=False, default=(-PATIENCE_S, frozenset()))
    _guard: threading.Lock = field(init=False, factory=threading.Lock)

    def __enter__(self) -> Self:
        prepare(self.address)
        self._app = self._made()
        self._threads = ThreadPoolExecutor(self.most, thread_name_prefix="job")
        opened: Future[None] = Future()
        words = self._loop, self._work(opened)
        self._thread = threading.Thread(target=_run, args=words, name="queue", daemon=True)
        self._thread.start()
        opened.result()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # --- the port ---------------------------------------------------------------------------

    def has_room(self, account: str) -> bool:  # noqa: ARG002 - the queue keeps them apart
        """Return whether a job may be put into the queue: it may be long."""
        return not self._enough.is_set()

    def has(self, claim: Claim) -> bool:
        """Return whether the job waits in the queue, or is just being delivered."""
        asked_at, known = self._known
        now = self._loop.time()
        if now - asked_at > 1.0:  # of a thousand that wait one look asks once
            known = frozenset(self._ask(self._all()))
            self._known = now, known
        return name_of(claim) in known

    def start(self, claim: Claim, account: str) -> None:
        """Put the job into the queue: after all others that write to *account*."""
        self._ask(self._put(claim, account))

    def ended(self) -> list[Claim]:
        """Return the jobs that have ended here."""
        self.rest()
        return [self._over.popleft() for _each in range(len(self._over))]

    def stop(self) -> None:
        """Take no more out of the queue, let each job here stop, and wait until all have ended."""
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._enough.set)
        with self._guard:
            children = list(self._children)
        for child in children:
            child.stop()
        self._thread.join()
        self._threads.shutdown()
        self.rest()

    # --- putting in -------------------------------------------------------------------------

    async def _all(self) -> list[str]:
        found = await self._app.job_manager.list_jobs_async()
        return [each.queueing_lock or "" for each in found]

    async def _put(self, claim: Claim, account: str) -> None:
        from procrastinate.exceptions import AlreadyEnqueued

        if claim.attempt > 1:
            await self._take_out(claim, account)
        name = name_of(claim)
        task = self._app.configure_task(DELIVER, lock=account, queueing_lock=name)
        with suppress(AlreadyEnqueued):  # another worker that looked was faster
            await task.defer_async(**words_of(claim))

    async def _take_out(self, claim: Claim, account: str) -> None:
        """Take earlier attempts out: their process is dead, or has no say any more."""
        for each in await self._app.job_manager.list_jobs_async(lock=account):
            theirs = _claim(each)
            if theirs.is_before(claim):
                await self._remove(each)

    async def _remove(self, delivery: Delivery) -> None:
        from procrastinate.exceptions import ConnectorException
        from procrastinate.jobs import Status

        with suppress(ConnectorException):  # it is gone already
            await self._app.job_manager.finish_job_by_id_async(
                delivery.id or 0, Status.FAILED, delete_job=True
            )

    def _ask(self, question: Coroutine[Any, Any, T]) -> T:
        from procrastinate.exceptions import ProcrastinateException

        asked = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return asked.result(PATIENCE_S)
        except (ProcrastinateException, TimeoutError):
            raise unreachable(self.address) from None

    # --- taking out -------------------------------------------------------------------------

    def _made(self) -> App:
        from procrastinate import App, PsycopgConnector

        connector = PsycopgConnector(
            kwargs=driver_arguments(self.address), min_size=1, max_size=4, configure=_enter
        )
        app = App(connector=connector)
        app.task(name=DELIVER)(self._deliver)
        return app

    async def _work(self, opened: Future[None]) -> None:
        """Do what is in the queue, until there is enough."""
        try:
            await self._app.open_async()
        except Exception:  # noqa: BLE001 - whatever the driver says
            opened.set_exception(unreachable(self.address))
            return
        opened.set_result(None)
        minding = asyncio.create_task(self._mind())
        while not self._enough.is_set():
            working = asyncio.create_task(
                self._app.run_worker_async(
                    concurrency=self.most,
                    fetch_job_polling_interval=POLL_S,
                    update_heartbeat_interval=RENEW_S,
                    stalled_worker_timeout=LIFETIME_S,
                    delete_jobs="always",  # what came of each is in the store
                    shutdown_graceful_timeout=LET_GO_S,
                    install_signal_handlers=False,  # this is not the main thread
                )
            )
            enough = asyncio.create_task(self._enough.wait())
            await asyncio.wait({working, enough}, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            (how,) = await asyncio.gather(working, return_exceptions=True)
            if not self._enough.is_set():  # the database was away, or took us for dead
                log.warning("queue_lost", kind=type(how).__name__)
                await self._pause()
            while self._is_full() and not self._enough.is_set():
                await self._pause()
            enough.cancel()
        minding.cancel()
        await asyncio.gather(minding, return_exceptions=True)  # it may be asking just now
        await self._app.close_async()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), 1.0)

    def _is_full(self) -> bool:
        """Tell whether a job that is taken out now would wait for one that we have let go of."""
        with self._guard:
            return len(self._children) >= self.most

    async def _deliver(self, company: str, schedule: str, claim: str) -> None:
        if self._enough.is_set():
            return  # dropped: the next worker that looks puts it into the queue again
        job = Claim.read(company, schedule, claim)
        await self._loop.run_in_executor(self._threads, self._do, job)

    def _do(self, claim: Claim) -> None:
        try:
            child = self.launch(claim)
        except OSError as problem:
            log.error("job_not_started", kind=claim.schedule, reason=problem.strerror)
            return
        with self._guard:
            self._children.add(child)
        if self._enough.is_set():
            child.stop()  # stop() has asked those that it saw, perhaps before this one was there
        log.info("job_started", company=claim.company, kind=claim.schedule)
        code = child.wait()
        with self._guard:
            self._children.discard(child)
        log.info("job_ended", company=claim.company, kind=claim.schedule, status=code)
        self._over.append(claim)

    async def _mind(self) -> None:
        """Take out again and again what dead workers were given, and heed another version."""
        while True:
            await asyncio.sleep(RENEW_S)
            with suppress(Exception):  # it is tried again
                theirs = await self._version_now()
                if theirs != self._version:
                    self.refused = other_version(theirs, self._version)
                    self._enough.set()
                    self.give_up()
                    return
                await self._take_out_stalled()

    async def _version_now(self) -> str:
        row = await self._app.connector.execute_query_one_async("select version from about")
        return str(row["version"])

    async def _take_out_stalled(self) -> None:
        manager = self._app.job_manager
        for each in await manager.get_stalled_jobs(seconds_since_heartbeat=LIFETIME_S):
            log.warning("delivery_lost", company=_claim(each).company)
            await self._remove(each)


async def _enter(connection: Any) -> None:  # noqa: ANN401 - of the driver
    await connection.execute("set search_path to renkei_queue")
    await connection.commit()


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    loop.set_exception_handler(_nobody_asked)
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


def _nobody_asked(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of an error that nobody has asked for: a delivery that was taken out, for one."""
    log.warning("queue_says", kind=type(context.get("exception")).__name__)


def _claim(delivery: Delivery) -> Claim:
    words: dict[str, Any] = delivery.task_kwargs
    return Claim.read(words["company"], words["schedule"], words["claim"])
