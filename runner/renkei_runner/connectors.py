"""renkei connectors: what is installed, and what each can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from attrs import frozen

from renkei.people import FieldSpec
from renkei.words.i18n import N_, _, label
from renkei_runner.app import App
from renkei_runner.cli import command
from renkei_runner.documents import Document, document, field_parts
from renkei_runner.output import emit, next_steps, say, table

if TYPE_CHECKING:
    from renkei.plugins.offline import Installed


@frozen
class _Described:
    found: Installed
    fields: tuple[FieldSpec, ...] = ()
    hooks: tuple[str, ...] = ()
    source_only: bool = False
    account_fields: bool = False


@command("connectors", help=N_("List the installed connectors with their fields."))
@click.pass_obj
def connectors(app: App) -> None:
    from renkei.plugins import offline

    described = list(map(_described, offline.installed()))
    if app.json:
        emit(document(connectors=[_document(each) for each in described]))
        return
    for each in described:
        _show(each)
    next_steps((app.command("init"), _("write a configuration that uses them")))


def _described(found: Installed) -> _Described:
    from renkei.plugins import offline

    if found.problem:
        return _Described(found)
    reader = offline.described(found.name)
    return _Described(
        found, reader.fields, reader.hooks, reader.is_source_only, reader.has_more_fields
    )


def _document(each: _Described) -> Document:
    return {
        "name": each.found.name,
        "version": each.found.version,
        "problem": each.found.problem,
        "hooks": list(each.hooks),
        "source_only": each.source_only,
        "account_fields": each.account_fields,
        "fields": [field_parts(spec) for spec in each.fields],
    }


def _show(each: _Described) -> None:
    say(f"{each.found.name} {each.found.version}")
    if each.found.problem:
        say(f"  ! {each.found.problem}")
        return
    say(_("  hooks: {hooks}").format(hooks=_(", ").join(each.hooks)))
    if each.source_only:
        say(_("  a source only: nothing can be written to it"))
    if each.account_fields:
        say(_("  an account may have fields of its own"))
    writes = {"always": _("always"), "create": _("only when created"), "never": _("never")}
    rows = [
        (spec.name, label(spec.label), spec.type, spec.role or "", writes[spec.write])
        for spec in each.fields
    ]
    if rows:
        table((_("field"), _("label"), _("type"), _("role"), _("written")), rows)
