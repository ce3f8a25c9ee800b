"""What the configuration says: connections, mappings, where reports are kept. It has no secret.

Tokens are references (``env:``, ``file:``, ``cmd:``), looked up when a connection is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NewType, cast

from attrs import field, frozen

from renkei.config.checks import is_here
from renkei.config.hours import hours_in
from renkei.config.main import Company, DashboardSettings, Main
from renkei.config.notify import Notify
from renkei.config.retention import Retention
from renkei.errors import UsageError
from renkei.http.pace import IN_FLIGHT
from renkei.model import Rehire
from renkei.people import ClosedHours, Lacking, RequestLimit
from renkei.safety import Expected, Safety
from renkei.schedule.rule import Schedule
from renkei.words.i18n import _
from renkei.yamlfile.converter import CONVERTER, Wrong, expect, suggestion
from renkei.yamlfile.source import Data, Document

Options = NewType("Options", dict[str, Any])
"""Options of a connection: text, lists and mappings, as nested as the file has them."""


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
        message = _("There is no schedule {name} in {path}.")
        if names:
            message = _("There is no schedule {name} in {path}. There are: {names}.")
        told = message.format(name=name, path=self.path, names=_(", ").join(names))
        text = told + suggestion(name, names)
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
