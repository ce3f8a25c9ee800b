"""renkei releases: what people have said of records that the rules would not; taking it back."""

from __future__ import annotations

import click

from renkei.model import Release
from renkei.people import JST
from renkei.words.facts import moment_text
from renkei.words.i18n import N_, _
from renkei.words.sentences import number_text, released_text
from renkei_runner.app import App
from renkei_runner.cli import argument, group
from renkei_runner.documents import Document, document
from renkei_runner.output import emit, next_steps, say


@group("releases", help=N_("List what people have released: who is whom, who is new."))
@click.pass_context
def releases(ctx: click.Context) -> None:
    if ctx.invoked_subcommand:
        return
    app = ctx.ensure_object(App)
    with app.runs() as runs:
        found = runs.releases()
    if app.json:
        emit(document(releases=[_parts(each) for each in found]))
        return
    for each in found:
        _say(each)
    if found:
        remove = app.command("releases", "remove", found[-1].id)
        next_steps((remove, _("take this one back")))
    else:
        say(_("Nothing is released."))


@releases.command("remove", help=N_("Take the release ID back: the rules hold again."))
@argument("release_id", metavar="ID")
@click.pass_obj
def remove(app: App, release_id: str) -> None:
    with app.runs() as runs:
        runs.remove_release(release_id)
    if app.json:
        emit(document(removed=release_id))
    else:
        say(
            _("Release {id} is taken back. It does not serve the next fetch.").format(id=release_id)
        )


def _say(each: Release) -> None:
    number = f"{number_text(each.number)}  " if each.number else ""
    say(f"{each.id}  {each.source} → {each.target}  {number}{released_text(each.said)}")
    say(f"    {moment_text(each.at)}")


def _parts(each: Release) -> Document:
    return {
        "id": each.id,
        "kind": each.said.kind,
        "source": each.source,
        "target": each.target,
        "number": each.number,
        "others": list(each.said.others),
        "who": each.said.who,
        "why": each.said.why,
        "at": each.at.astimezone(JST).isoformat(timespec="seconds"),
        "run": each.run,
    }
