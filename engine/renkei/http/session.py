"""Requests as a connector makes them: paced, guarded, tried again, and failing in our own words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from attrs import evolve

from renkei.errors import (
    AccessError,
    ConnectorError,
    ContractFullError,
    InDoubtError,
    RenkeiError,
    SystemFault,
    UnavailableError,
)
from renkei.http import trace
from renkei.http.decode import (
    JSON,
    CutOff,
    NotJSON,
    OtherShape,
    WebPage,
    elements,
    is_web_page,
    parse,
    without_web_page,
)
from renkei.http.failure import (
    Answer,
    Classify,
    Failure,
    Kind,
    ReadRooms,
    announced_s,
    cut_off,
    not_a_list,
    redirected,
    unreadable,
    without,
)
from renkei.http.lists import Lists, Query
from renkei.http.pace import Room
from renkei.http.request import (
    Request,
    body_bytes,
    headers_of,
    paths_of,
    undisguised,
    url_of,
)
from renkei.http.retry import Retries
from renkei.words.i18n import _

if TYPE_CHECKING:
    from renkei.http.connection import Connection
    from renkei.http.wire import Reply, Wire

T = TypeVar("T")

TRIES_IN_DOUBT = 2
"""How often an update leaves before it is looked up whether one of the tries came through."""

_WHOLE_MAX_BYTES = 64 * 1024 * 1024  # what is decoded whole: a page, a record, a refusal


class Session(Lists):
    """
    A connector's way to its system; thread-safe, made by :meth:`Connection.session`.

    Paths are given in segments, which are quoted here. Every method raises AccessError,
    UnavailableError (ClosedError), AnswerError or what the connector's ``classify`` makes of a
    refusal; all carry the name of the connection.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        headers: Mapping[str, str],
        classify: Classify,
        room: ReadRooms | None,
        reads: Sequence[str] = (),
    ) -> None:
        self.name = connection.name
        self._connection = connection
        self._headers = undisguised(self.name, headers)
        self._reads = paths_of(self.name, reads)
        self._classify = classify
        self._room = room
        self._lock = threading.Lock()
        self._wire: Wire | None = None

    def get(self, *path: str, query: Query | None = None, headers: Query | None = None) -> Answer:
        """Read one document; *headers* (since renkei 0.2) are those of this request alone."""
        url, own = self._url(path, query), self._own(headers)
        return self._perform(Request(method="GET", url=url, headers=own), self._answer)

    def search(
        self,
        *path: str,
        query: Query | None = None,
        body: Mapping[str, JSON],
        headers: Query | None = None,
    ) -> Answer:
        """
        Read by POST, as :meth:`get` does otherwise; since renkei 0.2.

        Raises ConnectorError unless *path* is among the ``reads`` of this session.
        """
        if path not in self._reads:
            message = _("{name}: the connector tried to search where it has not said that it does.")
            raise ConnectorError(message.format(name=self.name), where=self.name)
        request = Request(
            method="POST",
            url=self._url(path, query),
            body=body_bytes(self.name, body),
            headers=self._own(headers),
            search=True,
        )
        return self._perform(request, self._answer)

    def stream(self, *path: str, query: Query | None = None) -> Generator[JSON, None, None]:
        """
        Yield the elements of one array as they arrive, in constant memory.

        Raises ListChangedError if it is cut off in the middle: what was yielded is not the whole.
        """
        url = self._url(path, query)
        reply = self._perform(Request(method="GET", url=url), self._opened)
        try:
            reply.deadline.extend(self._connection.timeouts.list_s)
            yield from self._elements(reply)
        finally:
            reply.close()

    def send(
        self,
        method: str,
        *path: str,
        query: Query | None = None,
        body: Mapping[str, JSON],
        idempotent: bool,
        headers: Query | None = None,
    ) -> Answer:
        """
        Write: send *body* as JSON, its text byte for byte.

        *headers* (since renkei 0.2) are those of this request alone, such as ``If-Match``; they
        take the place of those of the session. Only an *idempotent* request is sent again when its
        fate is unknown. Raises InDoubtError if its fate stays unknown, RecordError if the system
        refuses this employee.
        """
        request = Request(
            method=method,
            url=self._url(path, query),
            body=body_bytes(self.name, body),
            headers=self._own(headers),
            idempotent=idempotent,
        )
        return self._perform(request, self._answer)

    def not_a_list(self, answer: Answer) -> RenkeiError:
        """Return the error for an answer to a read that is no list: perhaps it is a refusal."""
        asked = Request(method="GET", url="")
        failure = self._failure(asked, answer.status, answer.headers, answer.body, "json")
        meant = self._classify(failure) if isinstance(answer.body, dict) else None
        error = meant or not_a_list(self.name)
        error.where = error.where or self.name
        return error

    def wait_for_room(self) -> None:
        """Block until a request may be sent; raises ClosedError in closed hours."""
        self._connection.wait_for_room()

    def close(self) -> None:
        """Close the sockets; they are opened again when needed."""
        with self._lock:
            wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def _perform(self, request: Request, use: Callable[[Request, Reply], T]) -> T:
        """Send *request* until it has an answer or trying again makes no sense."""
        # Tried again here and not from outside, where nobody knows what became of a write:
        # docs/decisions/2026-11-22-own-http-layer.md
        connection = self._connection
        doubt = renewed = False
        access = ""
        with Retries(
            budget=connection.budget,
            clock=connection.clock,
            pacer=connection.pacer,
            on_wait=connection.on_wait,
        ) as retries:
            while True:
                error: RenkeiError
                try:
                    connection.permit(request)
                    # Before a token is asked for: its endpoint may have asked for a pause, too.
                    connection.wait_while_held()
                    access = connection.token.access(connection)
                    return self._try(request, access, use, retries)
                except InDoubtError as lost:
                    doubt, error = True, lost.cause
                except SystemFault as fault:
                    error = fault
                except RenkeiError as refused:  # of this try; an earlier one may have come through
                    if doubt:
                        raise InDoubtError(refused) from None
                    raise
                repeatable = self._may_repeat(request, doubt=doubt)
                if repeatable and not renewed and connection.token.is_given_up(access):
                    renewed = True  # once: if the new one is refused as well, it is not the token
                    continue
                if not connection.tries_again and _may_pass(error):
                    # What was asked can be done without; what follows keeps the pause instead.
                    retries.put_off(error)
                    raise error
                again = repeatable and _may_pass(error) and retries.wait(error)
                if not again:
                    # An earlier try may have been carried out, whatever became of the last one.
                    raise InDoubtError(error) if doubt else error

    def _may_repeat(self, request: Request, *, doubt: bool) -> bool:
        """Return whether *request* may leave again; *doubt*: an earlier try may be carried out."""
        if not request.writes:
            return True
        write = self._connection.in_hand
        tries = min(write.tries, TRIES_IN_DOUBT) if doubt else write.tries
        # F19: a create that may have been carried out is looked up, and never sent again blindly.
        return (request.idempotent or not doubt) and write.sent < tries

    def _try(
        self, request: Request, access: str, use: Callable[[Request, Reply], T], retries: Retries
    ) -> T:
        """
        Send *request* once, with the token *access*.

        Raises InDoubtError if that was a write and its fate is unknown.
        """
        try:
            reply = self._sent(request, access, retries)
            if reply.status == 401:
                self._connection.token.give_up(access)
            return self._understood(request, reply, use)
        except RenkeiError as error:
            error.where = error.where or self.name
            if request.writes and isinstance(error, SystemFault) and not _certain(error):
                raise InDoubtError(error) from None
            raise

    def _sent(self, request: Request, access: str, retries: Retries) -> Reply:
        """Send *request* when nothing speaks against it any more, and note what the answer says."""
        connection = self._connection
        with connection.slot():
            connection.check_open()  # a wait may lead into closed hours
            if connection.guard is not None:
                connection.guard()  # after the wait: the lease may have been lost in it
            within_s = retries.allowance_s(connection.timeouts.call_s)
            reply = self._opened_reply(request, access, within_s)
        connection.note_date(reply.headers.get("date"))
        for room in self._rooms(reply.headers):
            connection.pacer.note(room)
        return reply

    def _opened_reply(self, request: Request, access: str, within_s: float) -> Reply:
        """Send the bytes; a write counts unless it certainly never left."""
        left = request.writes
        whole = evolve(request, headers=self._all_headers(request.headers, access))
        try:
            with trace.noted(self._connection, request) as noted:
                reply = self._sockets().open(whole, within_s=within_s)
                noted.status = reply.status
            return reply
        except UnavailableError as error:
            left = left and not error.nothing_done
            if not error.nothing_done:
                self._connection.pacer.distrust()  # nobody knows when the system has had it
            raise
        finally:
            if left:
                self._connection.in_hand.sent += 1

    def _understood(self, request: Request, reply: Reply, use: Callable[[Request, Reply], T]) -> T:
        """Return what *use* makes of a good answer; whatever else it is, the answer is closed."""
        try:
            if reply.status >= 400:
                raise self._refusal(request, reply)  # noqa: TRY301 - closes the answer below
            if reply.status >= 300:
                raise redirected(reply.headers, self.name)  # noqa: TRY301 - as above
            return use(request, reply)
        except BaseException:
            reply.close()
            raise

    def _answer(self, request: Request, reply: Reply) -> Answer:
        raw = reply.read(max_bytes=min(_WHOLE_MAX_BYTES, self._connection.max_answer_bytes))
        reply.close()
        try:
            body = None if request.writes and not raw.strip() else _document(raw, reply)
        except NotJSON as error:
            raise unreadable(error, self.name) from None
        return Answer(status=reply.status, headers=reply.headers, body=body)

    def _opened(self, _request: Request, reply: Reply) -> Reply:
        return reply

    def _elements(self, reply: Reply) -> Iterator[JSON]:
        connection = self._connection
        received = reply.chunks(max_bytes=connection.max_answer_bytes)
        chunks = without_web_page(received, labelled=_labelled(reply))
        try:
            yield from elements(chunks, max_record_bytes=connection.max_record_bytes)
        except OtherShape as other:
            answer = Answer(status=reply.status, headers=reply.headers, body=other.value)
            raise self.not_a_list(answer) from None
        except CutOff:
            raise cut_off(self.name) from None
        except NotJSON as error:
            raise unreadable(error, self.name) from None
        except UnavailableError as error:
            if error.code in ("connection", "cut_off"):
                raise cut_off(self.name) from None
            raise

    def _refusal(self, request: Request, reply: Reply) -> RenkeiError:
        body, kind = self._refused_with(reply)
        failure = self._failure(request, reply.status, reply.headers, body, kind)
        meant = None if failure.is_of_another else self._classify(failure)
        error = meant or failure.default()
        if error.code == "rate_limit":
            self._connection.pacer.distrust()
        if isinstance(error, SystemFault):
            error.detail = failure.words()
        if isinstance(error, AccessError):
            error.for_all = reply.status == 401
        return error

    def _failure(
        self, request: Request, status: int, headers: Mapping[str, str], body: JSON, kind: Kind
    ) -> Failure:
        clock, hidden_in = self._connection.clock, self._connection.token.hidden_in
        return Failure(
            connection=self.name,
            method=request.method,
            status=status,
            headers={name: hidden_in(text) for name, text in headers.items()},
            body=without(hidden_in, body),
            kind=kind,
            at=clock.now(),
            announced_s=announced_s(headers, self._rooms(headers), clock.real_now()),
            search=request.search,
        )

    def _refused_with(self, reply: Reply) -> tuple[JSON, Kind]:
        """Return the JSON that came with a refusal; the status counts even without it."""
        try:
            return _document(reply.read(max_bytes=self._connection.max_record_bytes), reply), "json"
        except WebPage:
            return None, "web_page"
        except (NotJSON, SystemFault):
            return None, "other"

    def _rooms(self, headers: Mapping[str, str]) -> Sequence[Room]:
        return self._room(headers) if self._room is not None else ()

    def _all_headers(self, own: Query, access: str) -> Query:
        """Return those of the session that are not its *own*, and these; *access* is the token."""
        names = {name.lower() for name in own}
        common = {n: text for n, text in self._headers.items() if n.lower() not in names}
        headers = {**common, **own}
        if not access:  # the system wants none
            return headers
        # With OAuth a connector has only a word that stands in for the token.
        token = self._connection.token.reveal()
        return {name: text.replace(token, access) for name, text in headers.items()}

    def _own(self, headers: Query | None) -> Query:
        """Return the headers of one request; they say neither where it goes nor where it ends."""
        return headers_of(self.name, headers)

    def _url(self, path: Sequence[str], query: Query | None) -> str:
        return url_of(self.name, self._connection.base_url, path, query)

    def _sockets(self) -> Wire:
        from renkei.http.wire import Wire  # the HTTP library takes 0.1 s to import

        with self._lock:
            if self._wire is None:
                connection = self._connection
                self._wire = Wire(
                    self.name,
                    clock=connection.clock,
                    timeouts=connection.timeouts,
                    network=connection.network.towards(connection.base_url),
                )
            return self._wire


def _may_pass(error: RenkeiError) -> TypeGuard[UnavailableError]:
    """Tell whether the same request may be accepted soon."""
    return isinstance(error, UnavailableError) and error.again


def _certain(error: SystemFault) -> bool:
    """Tell whether the system certainly did not carry out the write that ended with *error*."""
    if isinstance(error, UnavailableError):
        return error.nothing_done
    # A ConnectorError is raised here before anything leaves; one of a plug-in is in doubt (Writer).
    return isinstance(error, (AccessError, ContractFullError, ConnectorError))


def _document(raw: bytes, reply: Reply) -> JSON:
    """Return the document in *raw*; raises NotJSON or one of its kinds."""
    if is_web_page(raw, labelled=_labelled(reply)):
        raise WebPage(0)
    return parse(raw, max_bytes=len(raw))


def _labelled(reply: Reply) -> bool:
    """Tell whether the answer says that it is a web page."""
    return "html" in reply.headers.get("content-type", "").lower()
