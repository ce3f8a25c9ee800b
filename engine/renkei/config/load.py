"""The configuration file: connections, mappings and where reports are kept. It holds no secret.

Tokens are references (``env:``, ``file:``, ``cmd:``), looked up when a connection is opened. Every
mistake is told with its place, all at once.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NewType, cast

from attrs import evolve, field, fields, frozen

from renkei.clock import Clock
from renkei.config.checks import (
    DIRECT,
    is_here,
    is_reference,
    path_of,
    problems_in,
    store_mistake,
)
from renkei.config.hours import hours_in
from renkei.config.main import Company, DashboardSettings, Environment, Main
from renkei.config.notify import Notify
from renkei.config.retention import Retention
from renkei.config.secrets import resolve_secret
from renkei.errors import ConfigurationError, Hint, MappingError, Problem, UsageError
from renkei.http import Network
from renkei.http.network import proxy_mistake
from renkei.http.pace import IN_FLIGHT
from renkei.model import Rehire, Remark
from renkei.people import ClosedHours, Lacking, RequestLimit
from renkei.place import is_server
from renkei.safety import Expected, Safety
from renkei.schedule.rule import Schedule
from renkei.words.codes import remark
from renkei.words.i18n import _
from renkei.yamlfile import Document, read_file, read_yaml, structure
from renkei.yamlfile.converter import CONVERTER, Wrong, expect, suggestion
from renkei.yamlfile.source import Data

Options = NewType("Options", dict[str, Any])
"""Options of a connection: text, lists and mappings, as nested as the file has them."""

DASHBOARD = "renkei-web.db"
"""The file of the dashboard, where the store is a file."""


@frozen(kw_only=True)
class OAuth2:
    """
    A token that is asked for at *url*, the token endpoint (RFC 6749).

    *client*, *secret*, *refresh* and *key* are references. With *refresh*, a first refresh token,
    the following ones are kept in the store, encrypted with *key*.
    """

    url: str
    client: str
    secret: str
    scope: str = ""
    refresh: str | None = None
    key: str | None = None


@frozen(kw_only=True)
class _ByProtocol:
    """A token that has to be asked for, as it is written."""

    oauth2: OAuth2


Token = str | OAuth2
"""Where a token comes from: a reference to it, or a grant."""


def _token(data: object, _cls: type) -> Token:
    if isinstance(data, dict):
        return CONVERTER.structure(data, _ByProtocol).oauth2
    return CONVERTER.structure(data, str)


CONVERTER.register_structure_hook_func(lambda cls: cls == Token, _token)


@frozen(kw_only=True)
class ConnectionConfig:
    """
    One account of a connector.

    *base_url* and *token* are empty where the connector needs none. *label* is what people call it.
    No field has one of the roles that the account is *without*. *closed_hours* and *limits* are
    None unless overridden; *safety* limits what is written there, and *expected* announces more for
    some days. Not more than *in_flight* requests are on their way at a time. *proxy* and *ca_file*
    are as written, here or for all.
    """

    connector: str
    base_url: str = ""
    token: Token = ""
    label: str = ""
    without: tuple[Lacking, ...] = ()
    options: Options = field(factory=lambda: Options({}))
    closed_hours: tuple[ClosedHours, ...] | None = None
    limits: tuple[RequestLimit, ...] | None = None
    in_flight: int = IN_FLIGHT
    safety: Safety = field(factory=Safety)
    expected: Expected | None = None
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether the system is on this computer, as a file is."""
        return not self.base_url or is_here(self.base_url)


@frozen(kw_only=True)
class MappingUse:
    """
    A mapping to use: a built-in name or a path, its settings, the connection of each side.

    *leavers* and *joiners* are days, by the side that is written to. *rehire*: what is done with
    somebody who is hired again under a new number. *who* are the values, by side and field, of the
    people that it is for; see :mod:`renkei.config.who`.
    """

    use: str
    settings: dict[str, bool] = field(factory=dict)
    sides: dict[str, str] = field(factory=dict)
    leavers: dict[str, int] = field(factory=dict)
    joiners: dict[str, int] = field(factory=dict)
    rehire: Rehire = "ask"
    who: dict[str, dict[str, list[str]]] = field(factory=dict)


@frozen(kw_only=True)
class Settings(DashboardSettings):
    """What rarely needs a change."""

    max_plan_age_hours: int = 24
    settle_wait_seconds: int = 2
    longest_request_seconds: int = 60


@frozen(kw_only=True)
class Config:
    """
    The configuration of one *company*, read and checked.

    *document* knows where everything stands in its file, at *path*; *main* is the file that the
    command was given, which is the same one unless there are several companies. *store* is the
    absolute path of a file, or the address of a database; it may hold a password.
    """

    path: Path
    company: Company = field(factory=Company)
    main: Main = field(eq=False)
    connections: Mapping[str, ConnectionConfig]
    mappings: tuple[MappingUse, ...]
    store: str = field(repr=False)
    settings: Settings = field(factory=Settings)
    retention: Retention = field(factory=Retention)
    notify: Notify = field(factory=Notify)
    schedules: tuple[Schedule, ...] = ()
    document: Document = field(eq=False, repr=False)

    @property
    def base(self) -> Path:
        """The folder that relative paths of the file start from."""
        return self.path.parent

    def connection(self, name: str) -> ConnectionConfig:
        """Return the connection *name*; UsageError names those that exist."""
        if name in self.connections:
            return self.connections[name]
        message = _("There is no connection {name}. Configured: {names}.")
        names = _(", ").join(self.connections)
        raise UsageError(message.format(name=name, names=names), code="connection", where=name)

    def schedule(self, name: str) -> Schedule:
        """Return the schedule *name*; UsageError names those that exist."""
        names = [each.name for each in self.schedules]
        if name in names:
            return self.schedules[names.index(name)]
        message = _("There is no schedule {name} in {path}.").format(name=name, path=self.path)
        if names:
            message += " " + _("There are: {names}.").format(names=_(", ").join(names))
        text = message + suggestion(name, names)
        raise UsageError(text, code="schedule", where=str(self.path))


@frozen(kw_only=True)
class _Limit:
    """A request limit as it is written."""

    count: int
    seconds: int


def _limit(data: object, _cls: type) -> RequestLimit:
    written = CONVERTER.structure(data, _Limit)
    return RequestLimit(written.count, written.seconds)


def _hours(data: object, _cls: type) -> ClosedHours:
    """Read hours like ``08:30-10:00``."""
    hours = hours_in(data)
    if hours is not None and hours[0] < hours[1]:
        return ClosedHours(*hours)
    raise Wrong(_("Write hours like 08:30-10:00."))


def _options(data: Data, _cls: type) -> dict[str, Any]:
    """Read options as they are: what they may hold is the connector's business."""
    expect(data, dict)
    return cast("dict[str, Any]", data)


CONVERTER.register_structure_hook_func(lambda cls: cls is Options, _options)
CONVERTER.register_structure_hook(RequestLimit, _limit)
CONVERTER.register_structure_hook(ClosedHours, _hours)


@frozen(kw_only=True)
class _OneCompany:
    """What is written of a company."""

    connections: dict[str, ConnectionConfig]
    mappings: tuple[MappingUse, ...] = ()
    settings: Settings = field(factory=Settings)
    retention: Retention = field(factory=Retention)
    notify: Notify = field(factory=Notify)
    schedules: tuple[Schedule, ...] = ()
    label: str = ""
    environment: Environment = "production"
    paused: bool = False


@frozen(kw_only=True)
class _File(_OneCompany):
    """The file of the only company as it is written."""

    store: str = "renkei.db"


@frozen(kw_only=True)
class _Several:
    """The main file as it is written where there are several companies."""

    companies: str
    store: str = "renkei.db"
    notify: Notify = field(factory=Notify)
    settings: DashboardSettings = field(factory=DashboardSettings)


def load_config(path: Path, company: str | None = None) -> Config:
    """
    Read and check the file at *path*, or that of the *company* which it leads to.

    MappingError holds every mistake, and no message repeats a token. Raises UsageError unless
    *company* is one of several, or None where there is only one.
    """
    main, text = _main(path)
    if main.folder is None:
        if company is not None:
            main.file_of(company)  # there is none of any name
        return parse_config(text, path)
    if company is None:
        raise main.which()
    own = main.file_of(company)
    return parse_config(read_file(own), own, main=main)


def load_main(path: Path) -> Main:
    """Read the file at *path*, whole if it is of one company; raises MappingError."""
    main, text = _main(path)
    return main if main.folder is not None else parse_config(text, path).main


def _main(path: Path) -> tuple[Main, str]:
    """Return it, and the text."""
    text = _text(path)
    document = read_yaml(text, str(path))
    data = cast("dict[str, Data]", document.data)
    if "companies" not in data:
        return Main(path=path.absolute(), document=document), text
    theirs = {each.name for each in fields(_OneCompany)} - {each.name for each in fields(_Several)}
    kept = theirs & data.keys()
    misplaced = _("It has companies:, so this stands in the file of a company, or companies: goes.")
    problems = [
        *(document.problem((key,), misplaced, key=True) for key in sorted(kept)),
        *problems_in(document),
    ]
    if problems:
        raise MappingError(problems)
    written = structure(document, _Several)
    base = path.absolute().parent
    main = Main(
        path=path.absolute(),
        document=document,
        folder=path_of(written.companies, base),
        store=written.store,
        notify=written.notify,
        settings=written.settings,
    )
    return main, text


def parse_config(text: str, path: Path, *, main: Main | None = None) -> Config:
    """
    Check *text* as that of the file at *path*; raises as :func:`load_config`.

    With *main*, the file is that of one of its companies.
    """
    document = read_yaml(text, str(path))
    problems = [*problems_in(document), *(_shared(document, main) if main else ())]
    try:
        written = structure(document, _File)
    except MappingError as error:
        raise MappingError([*error.problems, *problems]) from None
    if problems:
        raise MappingError(problems)
    if main is None:
        main = Main(
            path=path.absolute(),
            document=document,
            store=written.store,
            settings=written.settings,
        )
    return Config(
        path=path.absolute(),
        company=Company(
            name="" if main.folder is None else path.stem,
            label=written.label,
            environment=written.environment,
            paused=written.paused,
            second_factor=written.settings.needs_code,
            sso=written.settings.only_sso,
        ),
        main=main,
        connections={
            name: _complete(name, each, written.settings)
            for name, each in written.connections.items()
        },
        mappings=written.mappings,
        store=store_at(main.store, main.path.parent),
        settings=written.settings,
        retention=written.retention,
        notify=written.notify,
        schedules=written.schedules,
        document=document,
    )


def _shared(document: Document, main: Main) -> Iterator[Problem]:
    """Yield what stands in the file of a company though all companies share it."""
    data = cast("dict[str, Data]", document.data)
    if "store" in data:
        message = _("It stands in {path} alone: all companies share one store.")
        yield document.problem(("store",), message.format(path=main.path), key=True)
    if isinstance(settings := data.get("settings"), dict) and "metrics" in settings:
        message = _("It stands in {path} alone: a monitor is told of all companies together.")
        yield document.problem(("settings", "metrics"), message.format(path=main.path), key=True)


def network_of(settings: ConnectionConfig | DashboardSettings | Notify, base: Path) -> Network:
    """Return the way out; ConfigurationError if the proxy is kept where there is none."""
    proxy, ca_file = settings.proxy, settings.ca_file
    if proxy is not None and proxy.startswith("env:"):
        proxy = _proxy_from_environment(proxy.removeprefix("env:"))
    return Network(
        proxy=None if proxy == DIRECT else proxy,
        ca_file=None if ca_file is None else path_of(ca_file, base),
    )


def clock_for(
    config: Config, environment: Mapping[str, str] = os.environ
) -> tuple[Clock, Remark | None]:
    """
    Return the clock of a command, and a warning or None.

    RENKEI_NOW sets where it starts if all connections are on this computer, else it is ignored.
    """
    start = environment.get("RENKEI_NOW")
    if not start:
        return Clock(), None
    if not all(connection.loopback for connection in config.connections.values()):
        return Clock(), remark("now_ignored")
    return Clock(_instant(start)), None


def clock_for_all(main: Main, environment: Mapping[str, str] = os.environ) -> Clock:
    """
    Return the clock of what is about all companies of a file.

    RENKEI_NOW sets where it starts if all connections of all of them are on this computer; only
    then the files are read for it.
    """
    start = environment.get("RENKEI_NOW")
    if not start:
        return Clock()
    for name in main.names() if main.folder is not None else [None]:
        try:
            config = load_config(main.path, name)
        except MappingError:
            continue  # nothing is connected by it
        if not all(connection.loopback for connection in config.connections.values()):
            return Clock()
    return Clock(_instant(start))


def _instant(text: str) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        message = _("RENKEI_NOW is not a time with an offset, such as 2026-11-22T12:00:00+09:00.")
        raise UsageError(message, code="now", where="RENKEI_NOW")
    return instant


def _text(path: Path) -> str:
    if not path.exists():
        message = _("There is no configuration file {path}.")
        raise ConfigurationError(message.format(path=path), where=str(path), hint=Hint("init"))
    return read_file(path)


def _complete(name: str, written: ConnectionConfig, all_: Settings) -> ConnectionConfig:
    """Return a connection with what is said for all, where it says nothing itself."""
    return evolve(
        written,
        label=written.label or name,
        proxy=None if written.loopback else written.proxy or all_.proxy,
        ca_file=all_.ca_file if written.ca_file is None else written.ca_file,
    )


def store_at(written: str, base: Path) -> str:
    """
    Return where the store is that is *written* so: an absolute path, or an address.

    A reference (``env:``, ``file:``) may lead to an address with its password; ConfigurationError
    if it leads to nothing that can be a store.
    """
    store = written
    if is_reference(written):
        store = _from_environment(written) or resolve_secret(written, base)
        if mistake := store_mistake(store):
            raise ConfigurationError(f"{written}: {mistake}", code="store", where=written)
    return store if "://" in store else str(base / store)


def dashboard_at(main: Main) -> str:
    """Return where the dashboard keeps who may use it: where the store is, or beside its file."""
    return dashboard_of(store_at(main.store, main.path.parent), main.path)


def dashboard_of(store: str, configuration: Path) -> str:
    """Return the same of a *store*; one that only a URL leads to has it beside *configuration*."""
    if is_server(store):
        return store
    beside = configuration if "://" in store else Path(store)
    return str(beside.with_name(DASHBOARD))


def _from_environment(reference: str) -> str | None:
    """Return the store that a variable names, or None for another kind of reference."""
    scheme, _colon, name = reference.partition(":")
    if scheme != "env":
        return None
    if store := os.environ.get(name):
        return store
    message = _(
        "The environment variable {name} is not set. Set it to the file, or the address, of the"
        " store."
    )
    raise ConfigurationError(message.format(name=name), code="store", where=reference)


def _proxy_from_environment(name: str) -> str:
    address = os.environ.get(name)
    if address is None:
        message = _("The environment variable {name} is not set. Set it to the proxy's address.")
        mistake = message.format(name=name)
    elif address == DIRECT or (wrong := proxy_mistake(address)) is None:
        return address
    else:
        mistake = f"{name}: {wrong}"
    raise ConfigurationError(mistake, code="proxy", where=f"env:{name}")
