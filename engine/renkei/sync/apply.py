"""The chosen items become create and update calls, each journalled: intent, request, outcome.

The journal is what makes a write safe to interrupt anywhere. An intent is committed before the
request leaves and its outcome after the answer came. Whatever has an intent and no outcome is in
doubt, and only a look-up in the system may settle it (:mod:`renkei.sync.doubt`).

One thread decides and owns the store. It takes what has come back, chooses who is next, commits
those outcomes together with these intents, and hands the requests to threads that only send. Who
follows somebody that was refused or lost waits until all have come back.

Whether a refusal is about one employee or about the whole system is found out by
:mod:`renkei.sync.verdict`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress

from attrs import define, field

from renkei.errors import (
    BusyError,
    ContractFullError,
    InDoubtError,
    RecordError,
    RenkeiError,
    StoreError,
    SystemFault,
    UnavailableError,
)
from renkei.model import Difference, Item, Outcome, Remark
from renkei.people import BatchWrite, Employee, NewField, Others, Values
from renkei.plan.choose import vanished
from renkei.plugins.facade import AT_ONCE
from renkei.plugins.writer import Written
from renkei.store.journal import Write
from renkei.store.tables import ACCEPTED, ANSWERED
from renkei.sync.doubt import Answers, Doubts
from renkei.sync.flight import Claims, Disputes, Flight, Sending
from renkei.sync.look import Look, Seen, batches, ref_of
from renkei.sync.record import Recorder, reason_of
from renkei.sync.verdict import Verdict
from renkei.words.codes import remark

LOOKS = 2
"""How many looks in a row may grow too old before one of them has to do."""

# docs/decisions/2026-11-28-person-or-system.md
SENDINGS = 3
"""How many requests to write one employee leave in one sync, at most."""


class Stopped(Exception):
    """Somebody asked the run to stop; the employee in hand is finished."""


@define(kw_only=True)
class Apply:
    """
    One sync of one run, from the chosen items of the store to their outcomes.

    *offered* has the live choices of the required new-record fields. *rewritten* has the ids of
    those in the source who are not as the plan has them any more. *send*: with False only what is
    in doubt is settled.
    """

    recorder: Recorder
    look: Look
    doubts: Doubts
    answers: Answers
    offered: Sequence[NewField]
    rewritten: frozenset[str]
    interrupted: Callable[[], bool]
    send: bool = True
    _look_s: float = field(init=False, default=0.0)
    """How long a look takes for each employee, in seconds."""
    _first_unseen: bool = field(init=False, default=False)
    """Whether the first new employee was taken, and no look has shown them yet."""
    _sendings: dict[int, int] = field(init=False, factory=dict)
    _later: list[Item] = field(init=False, factory=list)
    """New employees whom another run may be creating at this moment."""
    _has_created: bool = field(init=False, default=False)
    _each_s: float = field(init=False, default=0.0)
    _verdict: Verdict = field(init=False)
    _disputes: Disputes = field(init=False)
    _flight: Flight = field(init=False, factory=Flight)
    _wave: list[Sending] = field(init=False, factory=list)
    """Writes that are decided and leave together, after one commit of their intents."""
    _claimed: Claims = field(init=False, factory=Claims)
    """What those of the wave claim together."""
    _by_themselves: list[Item] = field(init=False, factory=list)
    """Whose batch was refused as a whole: one after the other they show whom that is about."""
    _is_over: bool = field(init=False, default=False)
    """Whether nothing leaves any more: what is still in flight is only recorded."""

    @_verdict.default
    def _about_refusals(self) -> Verdict:
        return Verdict(recorder=self.recorder, look=self.look, doubts=self.doubts)

    @_disputes.default
    def _about_values(self) -> Disputes:
        return Disputes.about(self.look.comparison.target_specs)

    def carry_out(self) -> Remark | None:
        """
        Give every chosen employee an outcome; return why creates were left undone, if they were.

        Raises Stopped, or the error that keeps the whole system from being written to.
        """
        try:
            before = self.recorder.before
            self.answers.load()
            # Lost in an earlier sync: they do not pause this one again once a write has passed.
            self._verdict.known = {write.item.position for write in before.in_doubt}
            # Before anything is sent: what has come through must not be sent a second time.
            self.doubts.look_up()
            if self.send:
                self._write_all(before.refused)
            self._finish()
        except Stopped:
            # The run may end here: nobody is told as updated whom the system does not show so.
            self.answers.confirm()
            for write in self.doubts.without_effect():
                self._close(write, given_up=False)
            raise
        return self.recorder.no_creates

    def _write_all(self, refused: Collection[str]) -> None:
        """Write everybody who is open; who was *refused* in an earlier sync comes last."""
        size = max(AT_ONCE, self.look.writer.at_once)
        for batch in batches(self._open(lambda item: item.source_id not in refused), size):
            self._batch(batch)
        if not refused:
            return
        # Last, so that three of them side by side pause one sync and hold up nobody for good:
        # docs/decisions/2026-11-28-person-or-system.md
        for batch in batches(self._open(lambda item: item.source_id in refused), size):
            self._verdict.known |= {item.position for item in batch}
            self._batch(batch)

    def _open(self, wanted: Callable[[Item], bool]) -> Iterator[Item]:
        """Iterate over the chosen items without an outcome; those in doubt wait for a look-up."""
        waiting = {write.item.position for write in self.recorder.in_doubt()}
        items = self.recorder.store.items(self.recorder.run, selected=True, open_only=True)
        for item in items:
            if item.position in waiting or self._verdict.was_suspected(item):
                continue
            if wanted(item):
                yield item

    def _finish(self) -> None:
        """Settle what is in doubt, sending again what had no effect, until nothing is."""
        while True:
            self.answers.confirm()
            again = self._close_lost()
            later, self._later = self._later, []
            self._send_again(again)
            self._batch(later)
            # Once more if somebody was sent again, too: their answers may be lost as well.
            goes_on = bool(again) or self.doubts.wait(self._later)
            # While it only waits, no intent is committed, and only an intent notices a cancel.
            has_more = goes_on or self._verdict.is_open
            if self.send and has_more and self.recorder.is_cancelled():
                raise Stopped
            if not goes_on:
                break
        self._verdict.refuse_system()  # nobody else is left to try
        self._verdict.blame_people()

    def _close_lost(self) -> list[Item]:
        """Close the writes that certainly had no effect; return those who may be sent again."""
        lost = self.doubts.without_effect()
        # If they are lost once more while others pass, that says nothing about the system.
        self._verdict.known |= {write.item.position for write in lost}
        again: list[Item] = []
        for write in lost:
            goes_again = self.send and self._may_send(write.item)
            if goes_again:
                again.append(write.item)
            self._close(write, given_up=self.send and not goes_again)
            self._verdict.forget(write.item)
        return again

    def _send_again(self, lost: Sequence[Item]) -> None:
        """Write those whose first sending had no effect: in batches once more, then one by one."""
        together: list[Item] = []
        alone: list[Item] = []
        for item in lost:
            if self._goes_in_batch(item):
                together.append(item)
            else:
                alone.append(item)
        self._batch(together)
        self._batch(alone, alone=True)

    def _goes_in_batch(self, item: Item) -> bool:
        """Tell whether somebody whose batch was lost goes again with others: once, then alone."""
        return self._in_batches and self._sendings.get(item.position, 0) < 2

    def _may_send(self, item: Item) -> bool:
        return self._sendings.get(item.position, 0) < SENDINGS

    def _close(self, write: Write, *, given_up: bool) -> None:
        """Record that a write had no effect: it may go again, or has gone often enough."""
        if given_up:
            self._verdict.give_up(write)
        else:
            self._sendings.setdefault(write.item.position, 0)  # an earlier process has sent it
            self._verdict.defer(write)

    # --- one batch --------------------------------------------------------------------------

    def _batch(self, items: Sequence[Item], *, alone: bool = False) -> None:
        """
        Write some employees; those whose last look is too old by then are read again.

        At a slow pace fewer are looked at together, so that their looks are still good. Where each
        wait for room outlasts a look, the third one has to do: nobody would be written. *alone*:
        one after the other.
        """
        remaining: list[Item] = []
        for item in items:
            is_told = self._needs_nothing(item)
            if not is_told:
                remaining.append(item)
        looks = 0
        try:
            while remaining:
                part = remaining[: self.look.how_many(self._each_s, self._look_s)]
                seen = self._look_at(part)
                looks += 1
                written = self._write(part, seen, forced=looks > LOOKS, alone=alone)
                del remaining[:written]
                if written:
                    looks = 0
                    self._each_s = (self.recorder.clock.monotonic() - seen.at) / written
                singly, self._by_themselves = self._by_themselves, []
                self._batch(singly, alone=True)
        except BaseException as error:
            # After a second Ctrl-C no answer is waited for: what is still out stays in doubt.
            self._land_rest(wait=isinstance(error, Exception))
            raise

    def _write(self, part: Sequence[Item], seen: Seen, *, forced: bool, alone: bool) -> int:
        """Write those of *part* for whom the look is still good; return how many that were."""
        connection = self.look.writer.connection
        written = 0
        while written < len(part) and (forced or self.look.is_fresh(seen)):
            width = 1 if alone else self._width
            needs_slot = not (width == 1 or self._in_batches)
            self._clear_the_way(part[written], width)
            self._wait_for_room()
            # Both may have waited: what counts is how old the look is when the write leaves.
            if not (forced or self.look.is_fresh(seen)):
                break
            sending = self._one(part[written], seen)
            if sending is not None:
                if needs_slot and not sending.reserve(connection):
                    continue  # somebody else has taken the room: it is waited for anew
                self._wave.append(sending)
                self._claimed.add(sending.claims)
            forced = False  # one write is progress; the others go by the look, if it is still good
            written += 1
        self._leave()
        while self._flight:
            self._land()
        self.recorder.flush()  # a look may be next, and nobody knows how long it takes
        return written

    @property
    def _in_batches(self) -> bool:
        """Whether those of a wave are one batch: one request, in flight by itself."""
        return self.look.writer.in_batches

    @property
    def _width(self) -> int:
        """How many may be on their way together."""
        writer = self.look.writer
        return writer.at_once if self._in_batches else writer.connection.width("writes")

    def _look_at(self, items: Sequence[Item]) -> Seen:
        """Look at those who are to be written, and with them at those whose write was answered."""
        refs = [*map(ref_of, items), *self.answers.refs]
        began = self.recorder.clock.monotonic()
        seen = self.look.at(refs)
        self._look_s = (seen.at - began) / len(refs)
        self.answers.see(seen)
        return seen

    def _needs_nothing(self, item: Item) -> bool:
        if item.difference is not Difference.SAME:
            return False
        self.recorder.record(item, Outcome.UNCHANGED)
        return True

    def _one(self, item: Item, seen: Seen) -> Sending | None:
        """Return what is to be sent for somebody; nothing, with an outcome, if it is not."""
        if item.source_id in self.rewritten:
            self.recorder.record(item, Outcome.FAILED, remark("source_changed"))
            return None
        if item.difference is Difference.NEW:
            return self._create(item, seen)
        return self._update(item, seen)

    def _create(self, item: Item, seen: Seen) -> Sending | None:
        number = str(item.number)
        hits = seen.by_number.get(number, [])
        if self.recorder.no_creates:
            self.recorder.record(item, Outcome.DEFERRED, self.recorder.no_creates)
        elif hits:
            self._exists(item, hits)
        elif number in seen.taken:
            self.recorder.record(item, Outcome.FAILED, remark("number_taken"))
        elif self.doubts.is_created_elsewhere(item):
            self._later.append(item)  # no list may show them yet: F88
        elif gone := vanished(item, self.offered):
            self.recorder.record(item, Outcome.FAILED, remark("choice_gone", field=gone))
        else:
            return self._request(item, "create", BatchWrite(values=new_values(item)))
        return None

    def _exists(self, item: Item, hits: Sequence[Employee]) -> None:
        """Somebody has created this employee since the fetch: another one, or we ourselves."""
        if len(hits) == 1 and self.look.equals(item, hits[0]):
            ours = item.position in self._sendings  # what we had sent shows only now
            self.recorder.record(item, Outcome.CREATED if ours else Outcome.UNCHANGED)
        else:
            self.recorder.record(item, Outcome.FAILED, remark("exists_by_now"))

    def _update(self, item: Item, seen: Seen) -> Sending | None:
        current = seen.by_id.get(item.target_id or "")
        if current is None:
            self.recorder.record(item, Outcome.FAILED, remark("gone"))
            return None
        changed = self.look.changed(item, current)
        if changed and self.look.equals(item, current):
            ours = item.position in self._sendings  # what we had sent shows only now
            self.recorder.record(item, Outcome.UPDATED if ours else Outcome.UNCHANGED)
        elif outside := self.look.not_for(current):
            self.recorder.record(item, Outcome.FAILED, outside)
        elif changed:
            # Somebody has edited them since the plan was made, and may know better: F30
            reason = remark("changed_since_fetch", fields=changed)
            self.recorder.record(item, Outcome.FAILED, reason)
        else:
            changes = {change.field: change.after for change in item.changes}
            return self._request(item, "update", BatchWrite(values=changes, current=current))
        return None

    # --- on their way -----------------------------------------------------------------------

    def _request(self, item: Item, kind: str, order: BatchWrite) -> Sending:
        """Return the write of *item* that carries out *order*."""
        return Sending(item=item, kind=kind, claims=self._disputes.claims(item), order=order)

    def _carry(self, together: Sequence[Sending]) -> Sequence[Written | RenkeiError]:
        """Send one write, or those of a batch; return what came of each."""
        writer, hold = self.look.writer, self.recorder.hold
        sent_before, reserved = 0, False
        writes: list[int] = []
        orders: list[BatchWrite] = []
        for each in together:
            sent_before = max(sent_before, self._sendings.get(each.item.position, 0))
            reserved = reserved or each.reserved
            writes.append(each.write)
            orders.append(each.order)
        if sent_before:
            writer.connection.close()  # a socket that was kept open may have been the trouble
        # At most SENDINGS in all, whether the session, the connector or this loop repeats it.
        with (
            hold.sending(*writes),
            writer.connection.writing(tries=SENDINGS - sent_before, reserved=reserved) as count,
        ):
            try:
                return writer.write(orders)
            finally:
                for each in together:
                    each.sent = count.sent

    def _clear_the_way(self, item: Item, width: int) -> None:
        """Let others land until *item* may be on its way beside those that are left."""
        while self._is_barred(item, width):
            self._leave()
            self._land()

    def _is_barred(self, item: Item, width: int) -> bool:
        """Tell whether *item* may not be on its way beside those that fly or are about to."""
        beside = [*self._flight, *self._wave]
        if not beside:
            return False
        if len(beside) >= width:
            return True
        without_slot = any(not each.reserved for each in self._wave)
        if without_slot and not self._in_batches:
            return True  # this thread will send it itself, and wait for its answer: see _leave
        claims = self._disputes.claims(item)
        if self._claimed.collide(claims):
            return True
        if any(sending.claims.collide(claims) for sending in self._flight):
            return True
        # The first one shows whether the system stores the number, before all are without one.
        first = item.difference is Difference.NEW and not self._has_created
        return first and any(sending.kind == "create" for sending in beside)

    def _wait_for_room(self) -> None:
        """Block until a request may leave; nobody waits meanwhile who could leave or land."""
        connection = self.look.writer.connection
        while full := (connection.wait_s() > 0):
            # The wave has its slots already: it leaves before its look grows old.
            self._leave()
            if not self._flight:
                break
            self._land()
        if self._wave:
            return  # there is room now: one that finds none comes here again
        if full:
            self.recorder.flush()  # else what is back is committed with the next intent, right away
        self.look.writer.wait_for_room()

    def _leave(self) -> None:
        """Commit the intents of those who are next, and let them leave."""
        wave, self._wave, self._claimed = self._wave, [], Claims()
        if not wave:
            return
        try:
            ids = self._intended(wave)
        except BaseException:
            for sending in wave:
                sending.put_back(self.look.writer.connection)  # others of the account may use it
            raise
        for sending, write in zip(wave, ids, strict=True):
            sending.write = write
            self.doubts.sent(write)
        if self._in_batches:
            # one batch at a time: docs/decisions/2026-11-29-batches-and-own-fields.md
            self._flight.send(wave, self._carry, alone=True)
            return
        # A connector that does not allow several threads is called from this one only.
        alone = len(wave) == 1 and not wave[0].reserved
        for sending in wave:
            self._flight.send([sending], self._carry, alone=alone)

    def _intended(self, wave: Sequence[Sending]) -> list[int]:
        if self.interrupted():
            raise Stopped
        wanted = [(sending.item.position, sending.kind) for sending in wave]
        ids = self.recorder.intend(wanted)
        if ids is None:  # another process has cancelled the run
            raise Stopped
        return ids

    def _land(self) -> None:
        """
        Take those that are back; raises what ends the sync.

        If one of them may speak of the whole system, all others are waited for first. Those that
        were taken are told before it: they had left before it was back, and prove nothing of it.
        """
        back = self._flight.landed()
        if not back:
            self.recorder.flush()  # nobody knows how long the next one takes
            back = self._flight.take()
        odd = self._settle_taken(back)
        while odd and self._flight:
            self.recorder.flush()
            odd += self._settle_taken(self._flight.take())
        if odd:
            self.recorder.flush()
            self._settle_each(odd)
        if self._first_unseen:
            self.recorder.flush()
            self.answers.confirm()  # before fifty people are created without a number
            self._first_unseen, self._has_created = False, True
        self._verdict.judge()

    def _settle_taken(self, back: Sequence[Sending]) -> list[Sending]:
        """Record those that were taken; return the others."""
        others: list[Sending] = []
        with self.recorder.together():
            for sending in back:
                if sending.was_taken:
                    self._settle(sending)
                else:
                    others.append(sending)
        return others

    def _settle_each(self, back: Sequence[Sending]) -> None:
        """Commit what became of each; what ends the sync is raised when all of them are told."""
        end: Exception | None = None
        try:
            with self.recorder.together():
                for sending in back:
                    try:
                        self._settle(sending)
                    except Exception as error:  # noqa: BLE001 - raised below
                        end = end or error
        finally:
            self.recorder.flush()
        if end is not None:
            raise end

    def _land_rest(self, *, wait: bool) -> None:
        """Record those that are still in flight, whatever else has happened; no others leave."""
        self._is_over = True
        wave, self._wave, self._claimed = self._wave, [], Claims()
        for sending in wave:
            sending.put_back(self.look.writer.connection)
        while self._flight:
            back = self._flight.take() if wait else self._flight.landed()
            if not back:
                break
            for sending in back:
                with suppress(Exception):  # what has ended the sync is raised, not what follows it
                    self._settle(sending)
        with suppress(StoreError):
            self.recorder.flush()

    def _settle(self, sending: Sending) -> None:
        """Commit what became of one write; raise what ends the sync."""
        item, kind, write = sending.item, sending.kind, sending.write
        sent_before = self._sendings.get(item.position, 0)
        try:
            if sending.crash is not None:
                raise sending.crash
            if sending.error is not None:
                # by an earlier process as well, whose requests nobody has counted
                retried = kind == "create" and item.position in self._sendings
                if not self._is_of_batch(sending, sending.error):
                    self._not_written(item, sending.error, write, retried=retried)
            elif sending.answer is not None:
                self._answered(sending, sending.answer)
        finally:
            # At least one: requests beside our HTTP are not counted, and somebody who is always
            # lost would be sent for ever.
            self._sendings[item.position] = sent_before + max(1, sending.sent)

    # --- what came back ---------------------------------------------------------------------

    def _is_of_batch(self, sending: Sending, error: RenkeiError) -> bool:
        """
        Tell whether what failed was a batch of several, of which this one says nothing by itself.

        Of a batch that is lost the first one speaks for all. One that was refused is sent again,
        one after the other: nobody knows about whom it is.
        """
        item, write = sending.item, sending.write
        if not sending.batch:
            return False
        if isinstance(error, InDoubtError):
            if sending is sending.batch[0]:
                return False
            self._verdict.unknown(item, error.cause, write)
            return True
        is_refusal = isinstance(error, RecordError | SystemFault) and not _meets_anybody(error)
        if not is_refusal:
            return False
        self.recorder.record(item, Outcome.DEFERRED, write=write, result="not_sent")
        self._by_themselves.append(item)
        return True

    def _not_written(self, item: Item, error: RenkeiError, write: int, *, retried: bool) -> None:
        """Commit what became of a write that has no answer; raise what ends the sync."""
        match error:
            case InDoubtError():
                self._verdict.lost(item, error.cause, write)
            case RecordError():
                self._refused(item, error, write, retried=retried)
            case ContractFullError():
                # Nobody else can be created, but changes go on: F27
                self.recorder.no_creates = reason_of(error)
                self.recorder.record(item, Outcome.DEFERRED, self.recorder.no_creates, write=write)
            case BusyError() | StoreError():
                raise error  # the process that takes over finds the write in doubt
            case SystemFault() if not _meets_anybody(error):
                self._verdict.refused(item, error, write)
            case _:
                # The system certainly did nothing: raising this in a write says so.
                self.recorder.store.close_write(write, "not_sent", self.recorder.clock.now())
                raise error

    def _answered(self, sending: Sending, answer: Written) -> None:
        """Commit that the system has taken a write; a look shows whether it has stored it."""
        item, kind, write = sending.item, sending.kind, sending.write
        done = Outcome.CREATED if kind == "create" else Outcome.UPDATED
        self.recorder.record(item, done, write=write, result=ANSWERED, answer_id=answer.id)
        current = sending.order.current
        others = current.others if current is not None else {}
        taken = Write(
            id=write, item=item, kind=kind, sent_at=None, answer_id=answer.id, others=others
        )
        shown = answer.employee is not None and self._shows(item, answer.employee, others)
        self.answers.add(taken, shown=shown)
        if kind == "create" and not self._has_created:
            # A bare id does not tell whether the number was stored: a look does, before the next.
            self._has_created, self._first_unseen = shown, not shown
        self._verdict.taken()

    def _shows(self, item: Item, person: Employee, others: Others) -> bool:
        """Tell whether an answer shows all that was sent, and nothing else that has changed."""
        return self.look.equals(item, person) and not self.look.changed_too(item, person, others)

    def _refused(self, item: Item, error: RecordError, write: int, *, retried: bool) -> None:
        """Record a refusal; after a retry the try before may have come through after all."""
        if retried and not self._is_over and self._is_there(item):
            self.recorder.record(item, Outcome.CREATED, write=write)
            return
        code = error.code
        if code == "not_found":  # which of a whole system says something else
            code = "refused" if item.target_id is None else "gone"
        reason = Remark(code, error.fields)
        self.recorder.record(
            item,
            Outcome.FAILED,
            reason,
            write=write,
            result=ACCEPTED if error.accepted else None,
            detail=error.detail,
        )
        if error.accepted:
            self.recorder.left_out(item)

    def _is_there(self, item: Item) -> bool:
        """Tell whether the target has exactly this new employee, and nobody else of that number."""
        hits = self.look.at([ref_of(item)]).by_number.get(str(item.number), [])
        return len(hits) == 1 and self.look.equals(item, hits[0])


def _meets_anybody(error: RenkeiError) -> bool:
    """Tell whether nothing has left, or there were too many requests: it is about no employee."""
    return isinstance(error, UnavailableError) and error.for_all


def new_values(item: Item) -> Values:
    """Return what a create sends: the translated values that are not empty, and the chosen ones."""
    values = {change.field: change.after for change in item.changes}
    for name, choice in item.new_values.items():
        values[name] = choice.code
    return values
