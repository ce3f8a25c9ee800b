"""renkei refresh: read which fields an account has beside those of every account."""

from __future__ import annotations

import click

from renkei.people import JST, OwnFields
from renkei.words.i18n import N_, _, label
from renkei_runner.app import App
from renkei_runner.cli import argument, command
from renkei_runner.documents import document, field_parts
from renkei_runner.output import emit, next_steps, say, table


@command("refresh", help=N_("Read the fields that only the account of CONNECTION has."))
@argument("connection")
@click.pass_obj
def refresh(app: App, connection: str) -> None:
    with app.runs() as runs:
        own = runs.refresh(connection)
    app.clear()
    if app.json:
        fields = [field_parts(spec) for spec in own.specs]
        emit(document(connection=connection, fields=fields, gone=sorted(own.gone)))
        return
    _show(own)
    next_steps((app.command("check"), _("see whether the mappings fit")))


def _show(own: OwnFields) -> None:
    rows = [(spec.name, label(spec.label), spec.type) for spec in own.specs]
    if rows:
        table((_("field"), _("label"), _("type")), rows)
    else:
        say(_("The account has no fields of its own."))
    if own.gone:
        say(_("Gone: {names}").format(names=_(", ").join(sorted(own.gone))))
    if own.at is not None:
        when = own.at.astimezone(JST).strftime("%Y-%m-%d %H:%M")
        say(
            _("Read at {time} (JST); mappings are checked against these from now on.").format(
                time=when
            )
        )
