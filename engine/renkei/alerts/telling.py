"""
Telling: after a run, those who want to know hear what needs a person, and what no longer does.

Nothing in here harms a run: it has ended and is kept before anybody is told, there is a limit to
the time that telling takes, and what fails is a line of the log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from attrs import define, evolve, field, frozen

from renkei.alerts import words
from renkei.alerts.notifier import InDoubtError, Message, NotSentError, Way
from renkei.alerts.sending import Became, Letter, send, tell_of
from renkei.alerts.states import KINDS, OUT_OF_USE, REVIEWED, State, in_use, states
from renkei.alerts.words import Names
from renkei.clock import Clock
from renkei.config.heads import head_of
from renkei.config.main import Company, Main
from renkei.config.network import network_of
from renkei.config.notify import Notify, Receiver, address_mistake, is_reference
from renkei.config.records import Config
from renkei.config.secrets import resolve_secret
from renkei.errors import ConfigurationError, MappingError, RenkeiError
from renkei.http.network import Network
from renkei.logs import log
from renkei.model import Outcome, Status
from renkei.people import JST, Finding
from renkei.store.alerts import NOT_OF_RUNS, Alert, Gathering, Once, Seen
from renkei.store.companies import Companies
from renkei.store.stands import Direction, Missed
from renkei.store.store import Store
from renkei.words.i18n import _, language, speaking
from renkei.words.printable import printable

TOLD = (Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED)
"""What is counted in the message about a sync that came to its end."""

LATELY = dt.timedelta(days=1)
"""A sync that ended longer ago is no news: somebody has just begun to want to be told."""

CODE = 6
"""Characters of a code that stands for a company."""

Post = Callable[[Sequence[Letter]], Sequence[Became]]
"""How letters go out."""


@frozen(kw_only=True)
class Audience:
    """
    Some receivers, and what they share: the way there, names, a language.

    *way* raises ConfigurationError where it cannot be had: they hear nothing then, and others do.
    Relative paths start from *base*. With *of_all* they are those of the main file: they hear of
    all companies.
    """

    to: Sequence[Receiver]
    notify: Notify
    way: Callable[[], Network]
    base: Path
    of_all: bool = False

    @property
    def language(self) -> str:
        """The language of its messages."""
        return self.notify.language or language()

    @property
    def coded(self) -> bool:
        """Whether codes stand for companies in its messages."""
        return self.notify.names == "code"

    def wants(self, kind: str) -> bool:
        """Return whether any of the receivers is told of something of a *kind*."""
        return any(each.wants(kind) for each in self.to)


def audiences(config: Config) -> list[Audience]:
    """Return who hears of the company of *config*: its own receivers, and those of all."""
    shared, own = config.main.notify, config.notify
    mine = evolve(
        own,
        dashboard=own.dashboard or shared.dashboard,
        language=own.language or shared.language,
        names=own.names or shared.names,
    )
    found = []
    if own.to:
        found.append(Audience(to=own.to, notify=mine, way=partial(_way, config), base=config.base))
    if config.main.folder is not None and shared.to:
        found.append(audience_of_all(config.main))
    return found


def audience_of_all(main: Main) -> Audience:
    """Return the receivers of the main file of several companies."""
    base = main.path.parent
    way = partial(_way_of_all, main)
    return Audience(to=main.notify.to, notify=main.notify, way=way, base=base, of_all=True)


def _way(config: Config) -> Network:
    """Return the way out of a company: that of its messages, else its own, else that of all."""
    own, settings = config.notify, config.settings
    way = Notify(proxy=own.proxy or settings.proxy, ca_file=own.ca_file or settings.ca_file)
    if config.main.folder is not None and way == Notify():  # its own file says neither
        return _way_of_all(config.main)
    return network_of(way, config.base)


def _way_of_all(main: Main) -> Network:
    own, settings = main.notify, main.settings
    way = Notify(proxy=own.proxy or settings.proxy, ca_file=own.ca_file or settings.ca_file)
    return network_of(way, main.path.parent)


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
        sure = {each.key for each in states(_at_rest(directions), late)}
        # What nobody wants to hear is kept, and told as soon as somebody does.
        silent = [kind for kind in KINDS if not _is_wanted(kind, those)]
        if attended:
            silent += REVIEWED
        unknown: list[str] = []
        for direction in directions:
            unknown += _unknown(direction)
        lapsed = partial(self._has_lapsed, in_use(directions), now)
        # Claimed before anything is sent: of two processes one tells, and one that dies in between
        # tells nobody until the next day. docs/decisions/2026-11-29-being-told.md
        claimed = self.store.claim(
            self._seen(found), now, silent=silent, unknown=unknown, sure=sure, lapsed=lapsed
        )
        open_ = [state for state in found if state.key in claimed.open]
        over = [_state_of(each) for each in claimed.over.values()]
        more = [*self._done(those, directions, now), *self._week(those, today, len(found))]
        letters: list[Letter | Became] = []
        for audience in those:
            letters += self._letters(audience, open_, over, more)
        self._gone += posted(letters, self.post)
        if _has_reached_nobody(self._gone):
            if claimed:
                self.store.give_back(claimed)
            for once in self._once:
                self.store.give_back_once(once)
        # Behind the giving back: what is gathered is claimed, and given back, by itself.
        if any(audience.of_all for audience in those):
            main, place = self.config.main, self.config.store
            self._gone += tell_of_all(main, place, self.clock, self.post)
        tell_of(self._gone)

    def _has_lapsed(self, used: Sequence[Direction], now: dt.datetime, alert: Alert) -> bool:
        """Tell whether a state is only seen no more, without anything having become right."""
        state = _state_of(alert)
        if state.schedule:
            late = self.store.missed(now, ever=True)
            return any(each.schedule == state.schedule for each in late)
        if state.connection:
            return not any(state.connection in (each.source, each.target) for each in used)
        way = state.source, state.target
        theirs = [each for each in used if (each.source, each.target) == way]
        if state.kind == "joins":  # who joined a month ago may be registered, or not
            return not any(each.waiting and not each.waiting.joined for each in theirs)
        return not theirs

    def _seen(self, found: Sequence[State]) -> list[Seen]:
        return [
            Seen(
                key=each.key,
                kind=each.kind,
                count=each.count,
                run=each.run or None,
                about=self._about(each) if each.kind in words.TOGETHER else None,
            )
            for each in found
        ]

    def _about(self, state: State) -> str | None:
        """Return the kinds of systems that a state is about, or none: a schedule is ours."""
        if state.connection:
            return self._connector(state.connection)
        ends = [self._connector(each) for each in (state.source, state.target) if each]
        return " → ".join(ends) or None

    def _connector(self, connection: str) -> str:
        known = self.config.connections.get(connection)
        return known.connector if known else "?"  # its name may be that of a customer

    def _letters(
        self,
        audience: Audience,
        open_: Sequence[State],
        over: Sequence[State],
        more: Sequence[tuple[str, Callable[[Names], Message]]],
    ) -> Iterator[Letter | Became]:
        """Yield a letter for each receiver who is told anything, or that none can be written."""
        names = self._names(audience)
        # These are told of all companies together. docs/decisions/2026-11-30-told-together.md
        gathered = words.TOGETHER if audience.of_all else ()
        for receiver in audience.to:
            kinds = [kind for kind in KINDS if receiver.wants(kind) and kind not in gathered]
            now = [state for state in open_ if state.kind in kinds]
            by_now = [state for state in over if state.kind in kinds]
            messages: list[Message] = []
            with speaking(audience.language):
                if now or by_now:
                    messages.append(words.states_message(now, by_now, names))
                for kind, make in more:
                    elsewhere = audience.of_all and kind == "weekly"  # one sum of all companies
                    if receiver.wants(kind) and not elsewhere:
                        messages.append(make(names))
            if messages:
                yield letter_if_any(audience, receiver, messages)

    def _names(self, audience: Audience) -> Names:
        coded = audience.coded
        company = self.config.company
        return Names(
            company=name_of(company, self.store) if coded else printable(company.title),
            path=f"/c/{company.name}" if company.name else "",
            dashboard=audience.notify.dashboard,
            coded=coded,
            connections={
                name: each.connector if coded else printable(each.label)
                for name, each in self.config.connections.items()
            },
        )

    def _done(
        self, those: Sequence[Audience], directions: Sequence[Direction], now: dt.datetime
    ) -> Iterator[tuple[str, Callable[[Names], Message]]]:
        """Yield the syncs that came to an end of late, each once, if anybody wants to know."""
        if not _is_wanted("done", those):
            return
        for each in directions:
            synced = each.synced
            if synced is None or synced.status is not Status.DONE or synced.finished_at is None:
                continue
            if now - synced.finished_at > LATELY:
                continue
            key = f"done:{each.source}>{each.target}"
            once = self.store.once(key, "done", now, run=synced.run)
            if once is None:
                continue
            self._once.append(once)
            outcomes = synced.outcomes or {}
            counts = {outcome.value: outcomes.get(outcome, 0) for outcome in TOLD}
            make = partial(words.done_message, each.source, each.target, synced.run, counts)
            yield "done", make

    def _week(
        self, those: Sequence[Audience], today: dt.date, open_: int
    ) -> Iterator[tuple[str, Callable[[Names], Message]]]:
        """Yield the summary of last week, once, if a receiver of the company wants it."""
        own = [each for each in those if not each.of_all]
        if not _is_wanted("weekly", own):
            return
        monday = today - dt.timedelta(days=today.weekday())
        once = self.store.once("weekly", "weekly", self.clock.now(), day=monday)
        if once is None:
            return
        make = _week_maker(monday, self.store.week, open_)
        if make is not None:
            self._once.append(once)
            yield "weekly", make


def untold(store: Companies, now: dt.datetime) -> list[str]:
    """
    Return the companies of which nobody was told today what lasts, has come up, or is over.

    Nothing has to have run for that. One of which nobody fetches any more is none of them: nobody
    is told the same until the end of time.
    """
    today = now.astimezone(JST).date()
    kept: dict[str, dict[str, dt.date | None]] = {}
    for each in store.alerts():
        if each.ended_at is None and each.kind not in NOT_OF_RUNS:
            kept.setdefault(each.company, {})[each.key] = each.told_on
    missed: dict[str, list[Missed]] = {}
    for schedule in store.missed(now):
        missed.setdefault(schedule.company, []).append(schedule)
    found = []
    directions = store.directions(now)
    for company in sorted(directions.keys() | missed.keys()):
        own, late = directions.get(company, []), missed.get(company, [])
        is_fetched = any(now - each.newest.fetched_at <= OUT_OF_USE for each in own)
        if not (late or is_fetched):
            continue
        told_on = kept.get(company, {})
        seen = {state.key for state in states(own, late)}
        is_any_over = bool(told_on.keys() - seen)
        is_any_untold = any(told_on.get(key) != today for key in seen)
        if is_any_over or is_any_untold:
            found.append(company)
    return found


def tell_of_all(main: Main, place: str, clock: Clock, post: Post = send) -> list[Became]:
    """
    Tell the receivers of the main file what is gathered over all companies of a store.

    Return what became of each message.
    """
    audience = audience_of_all(main)
    kinds = [kind for kind in words.TOGETHER if audience.wants(kind)]
    wants_week = audience.wants("weekly")
    if not (kinds or wants_week):
        return []
    now, today = clock.now(), clock.today()
    with closing(Companies(place, create=False)) as store:
        gathered = [store.gather(kind, now) for kind in kinds]
        found = [each for each in gathered if each is not None]
        names = Names(dashboard=audience.notify.dashboard, coded=audience.coded)
        monday = today - dt.timedelta(days=today.weekday())
        weekly = store.once("weekly", "weekly", now, day=monday) if wants_week else None
        with speaking(audience.language):
            made = [(each.kind, _gathered(each, main, store, names)) for each in found]
            make = _week_of_all(monday, store, now) if weekly else None
            if make is not None:
                made.append(("weekly", make(names)))
        letters = []
        for receiver in audience.to:
            messages = [message for kind, message in made if receiver.wants(kind)]
            if messages:
                letters.append(letter_if_any(audience, receiver, messages))
        became = posted(letters, post)
        if _has_reached_nobody(became):
            for each in found:
                store.give_back_gathered(each)
            if weekly:
                store.give_back_once(weekly)
        return became


def try_out(those: Sequence[Audience], company: str = "", post: Post = send) -> list[Became]:
    """Send a test message to every receiver; return what became of each."""
    letters: list[Letter | Became] = []
    for audience in those:
        names = Names(
            company="" if audience.coded else printable(company),
            dashboard=audience.notify.dashboard,
            coded=audience.coded,
        )
        with speaking(audience.language):
            message = words.test_message(names)
        letters += [letter_if_any(audience, each, [message]) for each in audience.to]
    return posted(letters, post)


def findings(config: Config) -> tuple[Finding, ...]:
    """Return of each receiver whether a message could leave; nothing is sent."""
    return findings_of(audiences(config))


def findings_of(those: Iterable[Audience]) -> tuple[Finding, ...]:
    """Return the same of the receivers of *those*."""
    from renkei.alerts.child import installed

    found: list[Finding] = []
    extensions = list(installed())
    for audience in those:
        found += [_finding(audience, receiver, extensions) for receiver in audience.to]
    return tuple(found)


def _finding(audience: Audience, receiver: Receiver, extensions: Sequence[object]) -> Finding:
    """Return whether a message to one receiver could leave."""
    from renkei.alerts.child import notifier_for
    from renkei.alerts.senders import by_apprise

    try:
        letter = letter_to(audience, receiver, ())
    except RenkeiError as error:
        return Finding("warning", f"{shown(receiver)}: {error.message}")
    needs_apprise = notifier_for(letter.address, letter.secret, extensions) is by_apprise
    if needs_apprise and find_spec("apprise") is None:
        text = _("{receiver} needs a part that is missing: pip install 'renkei[notify]'")
        return Finding("warning", text.format(receiver=letter.receiver))
    text = _("{receiver} is told.")
    return Finding("ok", text.format(receiver=letter.receiver))


def letter_to(audience: Audience, receiver: Receiver, messages: Sequence[Message]) -> Letter:
    """Return the letter to a receiver; ConfigurationError if address or way cannot be had."""
    base = audience.base
    address = resolve_secret(receiver.url, base) if is_reference(receiver.url) else receiver.url
    if mistake := address_mistake(address, signed=receiver.secret is not None):
        raise ConfigurationError(f"{receiver.url}: {mistake}", code="address", where=receiver.url)
    return Letter(
        receiver=shown(receiver),
        address=address,
        secret=resolve_secret(receiver.secret, base) if receiver.secret else None,
        messages=messages,
        language=audience.language,
        network=audience.way(),
    )


def letter_if_any(
    audience: Audience, receiver: Receiver, messages: Sequence[Message]
) -> Letter | Became:
    """Return the letter to a receiver; one whose address cannot be had is not reached."""
    try:
        return letter_to(audience, receiver, messages)
    except RenkeiError as error:
        told = shown(receiver)
        return Became(receiver=told, fate="refused", code=error.code, message=error.message)


def posted(letters: Sequence[Letter | Became], post: Post) -> list[Became]:
    """Send the *letters* that could be written; return what became of all."""
    found = [each for each in letters if isinstance(each, Became)]
    written = [each for each in letters if isinstance(each, Letter)]
    return [*found, *(post(written) if written else ())]


def _has_reached_nobody(became: Sequence[Became]) -> bool:
    """
    Tell whether all messages were refused: then what they told of is given back.

    One that may have arrived is not sent twice, and one that has arrived is enough.
    """
    return bool(became) and all(each.fate == "refused" for each in became)


def _is_wanted(kind: str, those: Iterable[Audience]) -> bool:
    """Tell whether any of *those* is told of something of a *kind*."""
    return any(each.wants(kind) for each in those)


def shown(receiver: Receiver) -> str:
    """Return a receiver as people are shown it: where its address is kept, or that itself."""
    if receiver.url.startswith("cmd:"):
        return f"cmd:{receiver.url.removeprefix('cmd:').split()[0]}"
    return receiver.url


def name_of(company: Company, store: Store | Companies) -> str:
    """Return the code that stands for a company in messages; nothing for the only one."""
    return store.digest(f"company\n{company.name}")[:CODE].upper() if company.name else ""


def beat(config: Config) -> None:
    """Ask for the address of the heartbeat, if there is one; what fails is a line of the log."""
    own, shared = config.notify, config.main.notify
    reference, base = own.heartbeat, config.base
    if reference is None and config.main.folder is not None:
        reference, base = shared.heartbeat, config.main.path.parent
    if reference is None:
        return
    try:
        Way(network=_way(config)).get(resolve_secret(reference, base))
    except (NotSentError, InDoubtError, RenkeiError) as error:
        log.warning("no_heartbeat", code=error.code)
    except Exception as error:  # noqa: BLE001 - a monitor that cannot be reached harms no run
        log.warning("no_heartbeat", kind=type(error).__name__)


def _at_rest(directions: Sequence[Direction]) -> list[Direction]:
    """Return the *directions* without what a process at work may be about to put right."""
    return [
        evolve(each, before=None) if each.newest.status.is_at_work else each for each in directions
    ]


def _unknown(direction: Direction) -> Iterator[str]:
    """Yield the keys of what nobody can tell now: a process is at work, or will be."""
    runs = [each for each in (direction.newest, direction.synced) if each is not None]
    if not any(each.status.is_at_work or each.goes_on for each in runs):
        return
    for kind in KINDS:
        yield f"{kind}:{direction.source}>{direction.target}"
    for connection in (direction.source, direction.target):
        yield f"token:{connection}"


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


def _gathered(gathering: Gathering, main: Main, store: Companies, names: Names) -> Message:
    """Return the message about all companies of a gathering."""
    companies = {each.company for each in (*gathering.open, *gathering.over)}
    called = {name: _called(name, main, store, coded=names.coded) for name in companies}
    open_, over = _by_place(gathering.open, called), _by_place(gathering.over, called)
    (kind,) = (each for each in words.TOGETHER if each == gathering.kind)
    return words.gathered_message(kind, open_, over, names)


def _called(name: str, main: Main, store: Companies, *, coded: bool) -> str:
    """Return what a company is called in a message about several."""
    company = Company(name=name)
    with suppress(MappingError):  # its file may be what the message is about: it has its name then
        company = head_of(main, name)
    return name_of(company, store) if coded else printable(company.title)


def _by_place(found: Sequence[Alert], called: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what the companies are *called* once each, by what their states are about."""
    places: dict[str, list[str]] = {}
    for each in found:
        here = places.setdefault(each.about or "", [])
        if called[each.company] not in here:
            here.append(called[each.company])
    return places


def _week_of_all(
    monday: dt.date, store: Companies, now: dt.datetime
) -> Callable[[Names], Message] | None:
    open_ = sum(len(states(each)) for each in store.directions(now).values())
    open_ += len(store.missed(now)) + len(store.wrong_files())
    return _week_maker(monday, store.week, open_)


def _week_maker(
    monday: dt.date, count: Callable[[dt.datetime, dt.datetime], Mapping[str, int]], open_: int
) -> Callable[[Names], Message] | None:
    """Return what makes the summary of the week before *monday*; None before the first run."""
    first = monday - dt.timedelta(days=7)
    since = dt.datetime.combine(first, dt.time(), JST)
    until = dt.datetime.combine(monday, dt.time(), JST)
    week = dict(count(since, until))
    if not week.pop("ever"):
        return None
    last = monday - dt.timedelta(days=1)
    return partial(words.week_message, first, last, week, open_)
