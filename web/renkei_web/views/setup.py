"""Setting up in the browser: connections, their tokens, pairs; each change can be put back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import frozen
from starlette.responses import Response

from renkei.config import Config, ConnectionConfig, setup
from renkei.errors import RenkeiError, UsageError
from renkei.words.i18n import _
from renkei_web.views import companies
from renkei_web.visit import Visit

Change = Callable[[], setup.Change]

TYPED = ("connector", "name", "label", "base_url", "options")
"""Fields of a new connection that are shown again after a mistake; a token never is."""

ASKED = (*TYPED, "token")
"""All of its fields: beside one of them stands what is wrong with it."""


@frozen
class Kept:
    """A connection as the page shows it: *kept* is where its token is, never the token."""

    name: str
    label: str
    connector: str
    address: str
    kept: str
    changes: bool


def show(
    visit: Visit,
    problem: str | None = None,
    done: setup.Change | None = None,
    *,
    field: str | None = None,
) -> Response:
    """Show what is set up, and what can be added; a *problem* may be that of a *field*."""
    config = visit.config
    typed = {name: visit.field(name) for name in TYPED} if problem else dict.fromkeys(TYPED, "")
    says_more = _may_say_more(visit)
    asked = ASKED if says_more else {*ASKED} - {"options"}
    return visit.show(
        "setup.html",
        status=400 if problem else 200,
        config=config,
        allowed=config.settings.setup == "web",
        kept=[_kept(config, name, each) for name, each in config.connections.items()],
        connectors=setup.connectors(),
        says_more=says_more,
        offers=setup.offers(config),
        can_undo=setup.can_undo(config),
        added=setup.was_added(config),
        typed=typed,
        labels=lambda sides: [config.connections[name].label for name in sides.values()],
        problem=problem,
        field=field if problem and field in asked else None,
        done=done,
    )


def add_connection(visit: Visit) -> Response:
    """Add a connection with its token."""

    def change() -> setup.Change:
        if visit.field("options").strip() and not _may_say_more(visit):
            message = _(
                "Options may name files, also those of other companies: only an administrator of"
                " everything sets them."
            )
            raise UsageError(message, code="options")
        connector = visit.field("connector")
        written = ConnectionConfig(
            connector=connector,
            base_url=visit.field("base_url").strip(),
            label=visit.field("label").strip(),
            options=setup.options_in(visit.field("options")),
        )
        name = visit.field("name").strip() or connector
        note = partial(visit.note, "connection_set_up", connection=name)
        return setup.add_connection(visit.config, name, written, visit.field("token"), note)

    return _changed(visit, change, form=True)


def replace_token(visit: Visit) -> Response:
    """Keep another token for a connection."""
    name = visit.path("connection")

    def change() -> setup.Change:
        note = partial(visit.note, "token_set", connection=name)
        return setup.replace_token(visit.config, name, visit.field("token"), note)

    return _changed(visit, change)


def add_pair(visit: Visit) -> Response:
    """Let a built-in mapping pair two connections."""

    def change() -> setup.Change:
        sides = dict(zip(visit.fields("side"), visit.fields("connection"), strict=False))
        note = partial(visit.note, "pair_set_up", mapping=visit.field("use"))
        return setup.use_mapping(visit.config, visit.field("use"), sides, note)

    return _changed(visit, change)


def undo(visit: Visit) -> Response:
    """Put back the file as it was before the last change, or let the company go that was added."""
    try:
        if visit.user.is_admin and setup.was_added(visit.config):
            return companies.take_back(visit)
        setup.undo(visit.config, partial(visit.note, "setup_undone"))
    except RenkeiError as error:
        return show(visit, error.message)
    return visit.go("/settings/setup")


def _may_say_more(visit: Visit) -> bool:
    """Tell whether somebody may name files: all companies' are there for the service to open."""
    return visit.user.is_admin or not visit.office.several


def _changed(visit: Visit, change: Change, *, form: bool = False) -> Response:
    """Carry out a *change*; what is wrong with it stands in its *form*, if it has one."""
    try:
        done = change()
    except RenkeiError as error:
        if isinstance(error, UsageError) and error.code == "setup":
            raise
        return show(visit, error.message, field=error.code if form else None)
    return show(visit, done=done)


def _kept(config: Config, name: str, each: ConnectionConfig) -> Kept:
    if isinstance(each.token, str):
        where = each.token if not each.token.startswith("cmd:") else _("a command")
    else:
        where = "OAuth 2.0"
    return Kept(
        name=name,
        label=each.label,
        connector=each.connector,
        address=each.base_url,
        kept=where,
        changes=isinstance(each.token, str) and config.settings.setup == "web",
    )
