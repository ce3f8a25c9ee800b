"""
Telling: after a run, those who want to know hear what needs a person, and what no longer does.

Nothing in here harms a run: it has ended and is kept before anybody is told, there is a limit to
the time that telling takes, and what fails is a line of the log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attrs import define, evolve, field

from renkei.alerts import words
from renkei.alerts.audience import (
    Audience,
    Post,
    audiences,
    has_reached_nobody,
    is_wanted,
    letter_if_any,
    name_of,
    posted,
    way_of,
)
from renkei.alerts.gathering import tell_of_all, week_maker
from renkei.alerts.notifier import InDoubtError, Message, NotSentError, Way
from renkei.alerts.sending import Became, Letter, send, tell_of
from renkei.alerts.states import KINDS, REVIEWED, State, in_use, is_old, states
from renkei.alerts.words import Names
from renkei.clock import Clock
from renkei.config.records import Config
from renkei.config.secrets import resolve_secret
from renkei.errors import RenkeiError
from renkei.logs import log
from renkei.model import Outcome
from renkei.store.alerts import Alert, Claimed, Once, Seen
from renkei.store.stands import Direction, Missed, Stood
from renkei.store.store import Store
from renkei.words.i18n import speaking
from renkei.words.printable import printable

TOLD = (Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED)
"""What is counted in the message about a sync that came to its end."""

LATELY = dt.timedelta(days=1)
"""A sync that ended longer ago is no news: somebody has just begun to want to be told."""

More = tuple[str, Callable[[Names], Message]]
"""The kind of a message that is not about states, and what makes it."""


@define(kw_only=True)
class Telling:
    """Tells of one company, after one of its runs. *post* sends."""

    config: Config
    store: Store
    clock: Clock
    post: Post = send
    _gone: list[Became] = field(init=False, factory=list)
    _once: list[Once] = field(init=False, factory=list)
    """What is told of once, and this process tells of it."""

    def tell(self, *, attended: bool = False) -> None:
        """
        Tell the configured receivers what they were not told yet; it raises nothing of its own.

        *attended*: somebody sees the plan that was just fetched, so what they see is not told.
        """
        try:
            self._tell(attended=attended)
        except RenkeiError as error:
            log.warning("not_told", code=error.code)
        except Exception as error:  # noqa: BLE001 - the run is over, and it is as it is
            log.warning("not_told", kind=type(error).__name__)
        except KeyboardInterrupt:  # somebody does not want to wait for it
            log.warning("not_told", code="interrupted")

    def _tell(self, *, attended: bool) -> None:
        those = audiences(self.config)
        if not those:
            return
        now, today = self.clock.now(), self.clock.today()
        directions = self.store.directions(now)
        late = self.store.missed(now)
        found = states(directions, late)
        # What nobody wants to hear is kept, and told as soon as somebody does.
        silent = [kind for kind in KINDS if not is_wanted(kind, those)]
        if attended:
            silent += REVIEWED
        claimed = self._claim(found, now, silent=silent, directions=directions, late=late)
        open_ = [state for state in found if state.key in claimed.open]
        over = [_state_of(each) for each in claimed.over.values()]
        more = [*self._done(those, now)]
        more += self._week(those, today, len(found))
        letters: list[Letter | Became] = []
        for audience in those:
            letters += self._letters(audience, open_, over, more)
        self._gone += posted(letters, self.post)
        if has_reached_nobody(self._gone):
            self._give_back(claimed)
        # Behind the giving back: what is gathered is claimed, and given back, by itself.
        hears_of_all = any(audience.of_all for audience in those)
        if hears_of_all:
            main, place = self.config.main, self.config.store
            self._gone += tell_of_all(main, place, self.clock, self.post)
        tell_of(self._gone)

    def _claim(
        self,
        found: Sequence[State],
        now: dt.datetime,
        *,
        silent: Sequence[str],
        directions: Sequence[Direction],
        late: Sequence[Missed],
    ) -> Claimed:
        """Return what of the states that were *found* this process tells of now, and no other."""
        sure = {each.key for each in states(_at_rest(directions), late)}
        unknown: list[str] = []
        for direction in directions:
            unknown += _unknown(direction)
        lapsed = partial(self._has_lapsed, in_use(directions), now)
        # Claimed before anything is sent: of two processes one tells, and one that dies in between
        # tells nobody until the next day. docs/decisions/2026-11-29-being-told.md
        seen = [self._seen(each) for each in found]
        return self.store.claim(seen, now, silent=silent, unknown=unknown, sure=sure, lapsed=lapsed)

    def _give_back(self, claimed: Claimed) -> None:
        """Let the next one tell of all that was claimed, as it has certainly reached nobody."""
        if claimed:
            self.store.give_back(claimed)
        for once in self._once:
            self.store.give_back_once(once)

    def _has_lapsed(self, used: Sequence[Direction], now: dt.datetime, alert: Alert) -> bool:
        """Tell whether a state is only seen no more, without anything having become right."""
        state = _state_of(alert)
        if state.schedule:
            late = self.store.missed(now, ever=True)
            return any(each.schedule == state.schedule for each in late)
        if state.connection:
            return not _is_used(state.connection, used)
        way = state.source, state.target
        theirs = [each for each in used if (each.source, each.target) == way]
        if state.kind == "joins":  # who joined a month ago may be registered, or not
            return not _all_registered(theirs)
        return not theirs or _is_left_open(state, theirs)

    def _seen(self, state: State) -> Seen:
        return Seen(
            key=state.key,
            kind=state.kind,
            count=state.count,
            run=state.run or None,
            about=self._about(state) if state.kind in words.TOGETHER else None,
        )

    def _about(self, state: State) -> str | None:
        """Return the kinds of systems that a state is about, or none: a schedule is ours."""
        if state.connection:
            return self._connector(state.connection)
        ends = [each for each in (state.source, state.target) if each]
        return " → ".join(map(self._connector, ends)) or None

    def _connector(self, connection: str) -> str:
        known = self.config.connections.get(connection)
        return known.connector if known else "?"  # its name may be that of a customer

    def _letters(
        self,
        audience: Audience,
        open_: Sequence[State],
        over: Sequence[State],
        more: Sequence[More],
    ) -> Iterator[Letter | Became]:
        """Yield a letter for each receiver who is told anything, or that none can be written."""
        names = self._names(audience)
        # These are told of all companies together. docs/decisions/2026-11-30-told-together.md
        gathered = words.TOGETHER if audience.of_all else ()
        elsewhere = ("weekly",) if audience.of_all else ()  # one sum of all companies
        for receiver in audience.to:
            wanted = [kind for kind in KINDS if receiver.wants(kind)]
            kinds = set(wanted).difference(gathered)
            now = [state for state in open_ if state.kind in kinds]
            by_now = [state for state in over if state.kind in kinds]
            messages: list[Message] = []
            with speaking(audience.language):
                if now or by_now:
                    messages.append(words.states_message(now, by_now, names))
                for kind, make in more:
                    if receiver.wants(kind) and kind not in elsewhere:
                        messages.append(make(names))
            if messages:
                yield letter_if_any(audience, receiver, messages)

    def _names(self, audience: Audience) -> Names:
        coded = audience.coded
        company = self.config.company
        connections: dict[str, str] = {}
        for name, each in self.config.connections.items():
            connections[name] = each.connector if coded else printable(each.label)
        return Names(
            company=name_of(company, self.store) if coded else printable(company.title),
            path=f"/c/{company.name}" if company.name else "",
            dashboard=audience.notify.dashboard,
            coded=coded,
            connections=connections,
        )

    def _done(self, those: Sequence[Audience], now: dt.datetime) -> Iterator[More]:
        """Yield the syncs that came to an end of late, each once, if anybody wants to know."""
        if not is_wanted("done", those):
            return
        for each in self.store.done_since(now - LATELY):
            once = self.store.once_done(each.run, now)
            if once is None:
                continue
            self._once.append(once)
            counts = {outcome.value: each.outcomes.get(outcome, 0) for outcome in TOLD}
            yield "done", partial(words.done_message, each.source, each.target, each.run, counts)

    def _week(self, those: Sequence[Audience], today: dt.date, open_: int) -> Iterator[More]:
        """Yield the summary of last week, once, if a receiver of the company wants it."""
        own = [each for each in those if not each.of_all]
        if not is_wanted("weekly", own):
            return
        monday = today - dt.timedelta(days=today.weekday())
        once = self.store.once("weekly", "weekly", self.clock.now(), day=monday)
        if once is None:
            return
        make = week_maker(monday, self.store.week, open_)
        if make is not None:
            self._once.append(once)
            yield "weekly", make


def beat(config: Config) -> None:
    """Ask for the address of the heartbeat, if there is one; what fails is a line of the log."""
    own, shared = config.notify, config.main.notify
    reference, base = own.heartbeat, config.base
    if reference is None and config.main.folder is not None:
        reference, base = shared.heartbeat, config.main.path.parent
    if reference is None:
        return
    try:
        Way(network=way_of(config)).get(resolve_secret(reference, base))
    except (NotSentError, InDoubtError, RenkeiError) as error:
        log.warning("no_heartbeat", code=error.code)
    except Exception as error:  # noqa: BLE001 - a monitor that cannot be reached harms no run
        log.warning("no_heartbeat", kind=type(error).__name__)


def _at_rest(directions: Sequence[Direction]) -> list[Direction]:
    """Return the *directions* without what a process at work may be about to put right."""
    result: list[Direction] = []
    for each in directions:
        is_at_work = each.newest.status.is_at_work
        result.append(evolve(each, before=None, earlier=()) if is_at_work else each)
    return result


def _is_used(connection: str, directions: Sequence[Direction]) -> bool:
    """Tell whether one of the *directions* has a *connection* as its source or target."""
    used: set[str] = set()
    for each in directions:
        used.update((each.source, each.target))
    return connection in used


def _all_registered(directions: Sequence[Direction]) -> bool:
    """Tell whether a plan says that all who joined longer ago are registered by now."""
    plans = [each.waiting for each in directions if each.waiting is not None]
    return any(plan.joined == 0 for plan in plans)


def _is_left_open(state: State, directions: Sequence[Direction]) -> bool:
    """Tell whether the run of a state has left somebody open too long ago to tell of it."""
    for direction in directions:
        for stood in direction.earlier:
            if stood.run == state.run and is_old(stood, direction):
                return True
    return False


def _unknown(direction: Direction) -> Iterator[str]:
    """Yield the keys of what nobody can tell now: a process is at work, or will be."""
    if not any(map(_is_open, (direction.newest, direction.synced, *direction.earlier))):
        return
    for kind in KINDS:
        yield f"{kind}:{direction.source}>{direction.target}"
    for connection in (direction.source, direction.target):
        yield f"token:{connection}"


def _is_open(stood: Stood | None) -> bool:
    """Tell whether a run may still become something else without a person."""
    return stood is not None and (stood.status.is_at_work or stood.goes_on)


def _state_of(alert: Alert) -> State:
    """Return the state that an alert keeps, by its key."""
    kind, _colon, where = alert.key.partition(":")
    source, _arrow, target = where.partition(">") if ">" in where else ("", "", "")
    (known,) = (each for each in KINDS if each == kind)
    return State(
        company=alert.company,
        kind=known,
        source=source,
        target=target,
        run=alert.run or "",
        count=alert.count,
        connection=where if known == "token" else "",
        schedule=where if known == "missed" else "",
    )
