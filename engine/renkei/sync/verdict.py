"""Whether it is the system that refuses, or one employee who is refused.

A refusal that sounds as if it were about the whole system may be about one employee. The next
writes tell: if one of them passes, it was about the employee; if two more are refused, or the
system cannot be read either, it is about the system.
"""

from __future__ import annotations

from attrs import define, field

from renkei.errors import RenkeiError, SystemFault, UnavailableError
from renkei.model import Item, Outcome
from renkei.store.journal import Write
from renkei.store.tables import REFUSED
from renkei.sync.doubt import Doubts
from renkei.sync.look import Look, ref_of
from renkei.sync.record import Recorder, reason_of
from renkei.words.codes import remark

# docs/decisions/2026-11-28-person-or-system.md
IN_A_ROW = 3
"""After this many writes in a row that were refused or lost, the system is at fault."""


@define(kw_only=True)
class Verdict:
    """
    Keeps who was refused or lost, until it shows whom that is about.

    *known* are those who are known to be refused while others pass, by position: that says nothing
    about the system.
    """

    recorder: Recorder
    look: Look
    doubts: Doubts
    known: set[int] = field(init=False, factory=set)
    _row: dict[int, Item] = field(init=False, factory=dict)
    """Whose writes, one after the other, were refused or lost since the last one that passed."""
    _causes: dict[int, SystemFault] = field(init=False, factory=dict)
    _passed: bool = field(init=False, default=False)
    _suspected: tuple[Item, bool] | None = field(init=False, default=None)
    """Who was refused or lost last, and whether a read has to show that the system can be read."""
    _taken: bool = field(init=False, default=False)
    """Whether a write was taken since the last judgement."""

    def was_suspected(self, item: Item) -> bool:
        """Tell whether somebody has been refused or lost in this sync."""
        return item.position in self._causes

    @property
    def is_open(self) -> bool:
        """Whether somebody was refused or lost, and it is not known whose fault that is."""
        return bool(self._row)

    def forget(self, item: Item) -> None:
        """Let the loss of somebody say nothing any more: they are tried anew, or given up."""
        self._row.pop(item.position, None)

    # --- what came back ---------------------------------------------------------------------

    def taken(self) -> None:
        """Take note that the system has taken a write: the refusals before were about people."""
        self._passed = self._taken = True
        self.blame_people()

    def lost(self, item: Item, cause: RenkeiError, write: int) -> None:
        """Nobody knows what became of the write; after some of them in a row that is found out."""
        self.unknown(item, cause, write)
        if not isinstance(cause, SystemFault):
            return
        # Maintenance, or an outage in the middle of a write: one read at once tells (F05).
        hopeless = isinstance(cause, UnavailableError) and not cause.again
        self._suspect(item, cause, probe=hopeless)

    def unknown(self, item: Item, cause: RenkeiError, write: int) -> None:
        """Record that nobody knows what became of the write."""
        said = cause.detail if isinstance(cause, SystemFault) else None
        reason = remark("in_doubt", cause=cause.code)
        self.recorder.record(item, Outcome.UNKNOWN, reason, write=write, detail=said)

    def refused(self, item: Item, error: SystemFault, write: int) -> None:
        """Nothing was done; whether for this employee alone will be seen."""
        self._defer(item, error, write)
        self._suspect(item, error, probe=True)

    def _suspect(self, item: Item, error: SystemFault, *, probe: bool) -> None:
        """
        Note a refusal, or a loss, that may be the system's; see :meth:`judge`.

        A *probe* is a read: a system that cannot be read either is not tried any further.
        """
        before = self._suspected
        probe_wanted = before is not None and before[1]
        self._causes[item.position] = error
        self._row[item.position] = item
        self._suspected = (item, probe or probe_wanted)

    # --- the system, or this employee? --------------------------------------------------------

    def judge(self) -> None:
        """Go on with the next employee, unless it is the system; raises what is wrong with it."""
        suspected, self._suspected = self._suspected, None
        taken, self._taken = self._taken, False
        if suspected is None or not self._row:
            return
        item, probe = suspected
        if probe:
            self.look.at([ref_of(item)])
        if not taken:  # else some were refused and some taken side by side: the next ones tell
            self.refuse_system()

    def refuse_system(self) -> None:
        """Raise what is wrong with the system if too many in a row were refused or lost."""
        # As long as nothing has passed in this sync, even they may mean the system.
        known = self.known if self._passed else set()
        if len(self._row.keys() - known) < IN_A_ROW:
            return
        # A lost write that had an effect has passed after all. If none had, nobody else is sent:
        # the system can be read, but does not write.
        lost = self.doubts.without_effect(patient=True)
        open_still = (Outcome.UNKNOWN, Outcome.DEFERRED)
        settled = [at for at in self._row if self.recorder.last[at] not in open_still]
        if settled:
            self._passed = True  # what was lost goes again in the end
            self.blame_people()
        else:
            for write in lost:
                self.defer(write)
            newest = list(self._row)[-1]
            raise self._causes[newest]

    def blame_people(self) -> None:
        """A write has passed, or nobody else is left: the refusals before were about people."""
        self.known |= self._row.keys()
        for item in self._row.values():
            if self.recorder.last[item.position] is Outcome.DEFERRED:
                self._fail(item, self._causes[item.position])
        self._row.clear()

    # --- what is recorded -------------------------------------------------------------------

    def defer(self, write: Write) -> None:
        """Record that a write had no effect, and may go again."""
        self._defer(write.item, self._causes.get(write.item.position), write.id)

    def give_up(self, write: Write) -> None:
        """Record that a write had no effect, and has gone often enough."""
        self._fail(write.item, self._causes.get(write.item.position), write.id)

    def _defer(self, item: Item, cause: SystemFault | None, write: int) -> None:
        self.recorder.record(
            item,
            Outcome.DEFERRED,
            reason_of(cause) if cause else None,
            write=write,
            result=REFUSED if cause else None,
            detail=cause.detail if cause else None,
        )

    def _fail(self, item: Item, cause: SystemFault | None, write: int | None = None) -> None:
        """Record that the target takes others, but not this employee."""
        reason = remark("not_taken", cause=cause.code if cause else None)
        detail = cause.detail if cause else None
        self.recorder.record(
            item, Outcome.FAILED, reason, write=write, result=REFUSED, detail=detail
        )
