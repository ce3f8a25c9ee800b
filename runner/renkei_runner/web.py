"""renkei web: the dashboard, for a browser."""

from __future__ import annotations

import os
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renkei.config import Main, load_main, network_of
from renkei.errors import UsageError
from renkei.http.address import is_loopback
from renkei.logs import configure_logging
from renkei.words.facts import moment_text
from renkei.words.i18n import N_, _
from renkei_runner.app import OIDC_SECRET, App
from renkei_runner.cli import command, option
from renkei_runner.deeds import launch
from renkei_runner.documents import Document, document, moment
from renkei_runner.output import emit, say, table
from renkei_runner.signals import ended_by
from renkei_runner.worker import cluster_address, kept_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from renkei.schedule.job import Claim
    from renkei_web.review import Reviewed
    from renkei_web.sso import SignOn


@command("web", help=N_("Open the dashboard for a browser."))
@option("--listen", default="127.0.0.1", show_default=True, metavar="ADDRESS",
        help=N_("The address to listen at; only this computer reaches 127.0.0.1."))  # fmt: skip
@option("--port", type=click.IntRange(0, 65535), default=8780, show_default=True,
        help=N_("The port; 0 picks a free one."))  # fmt: skip
@option("--host", "hosts", multiple=True, metavar="NAME",
        help=N_("A name that browsers use for this server."))  # fmt: skip
@option("--certificate", type=click.Path(path_type=Path), metavar="FILE",
        help=N_("The TLS certificate, with --key."))  # fmt: skip
@option("--key", type=click.Path(path_type=Path), metavar="FILE",
        help=N_("The key of the certificate."))  # fmt: skip
@option("--behind-proxy", is_flag=True,
        help=N_("A proxy of yours on this computer does TLS and asks from 127.0.0.1."))  # fmt: skip
@option("--new-link", metavar="NAME",
        help=N_("Print a new one-time link for NAME, who forgot a password."))  # fmt: skip
@option("--oidc-issuer", metavar="URL",
        help=N_("The issuer of your OpenID Connect provider, for single sign-on."))  # fmt: skip
@option("--oidc-client", metavar="ID",
        help=N_("What it calls renkei; the secret is in RENKEI_OIDC_SECRET."))  # fmt: skip
@option("--with-worker", is_flag=True,
        help=N_("Also keep the schedules, as `renkei worker` does."))  # fmt: skip
@option("--cluster", is_flag=True,
        help=N_("Leave what people begin to the workers of a cluster."))  # fmt: skip
@click.pass_obj
def web(
    app: App,
    *,
    listen: str,
    port: int,
    hosts: tuple[str, ...],
    certificate: Path | None,
    key: Path | None,
    behind_proxy: bool,
    new_link: str | None,
    oidc_issuer: str | None,
    oidc_client: str | None,
    with_worker: bool,
    cluster: bool,
) -> int:
    # Taken out: of all that starts here, such as the command of a token, nothing is to know it.
    oidc_secret = os.environ.pop(OIDC_SECRET, None)
    if with_worker and cluster:
        message = _("With --cluster the workers are others: leave --with-worker out.")
        raise UsageError(message, code="cluster")
    tls = _tls(listen, certificate, key)
    configure_logging(json=app.json, level="debug" if app.debug else "info")
    if not app.config_file.exists():
        _begin(app.config_file.absolute())
    main = _main(app)  # a mistake in it is told now, not on the first page
    if new_link is None:
        _refuse_nobody(main, oidc_issuer)
    if main.settings.metrics is not None:
        from renkei.operation.metrics import token_of

        token_of(main)  # no monitor has to find out that it cannot be shown
    from renkei_web.server import Server

    server = Server(
        config=app.config_file.absolute(),
        launch=launch,
        listen=listen,
        port=port,
        hosts=hosts,
        tls=tls,
        behind_proxy=behind_proxy,
        sign_on=sign_on_of(main, oidc_issuer, oidc_client, oidc_secret),
        queue=_queue(app.config_file.absolute()) if cluster else None,
        signals=ended_by,
    )
    if new_link is not None:
        say(_("Open this link once, within a day: {link}").format(link=server.new_link(new_link)))
        return 0
    with server as address:
        say(_("The dashboard: {address}").format(address=address))
        if link := server.first_link(address):
            text = _("Nobody can log in yet. Open this link once, within a day: {link}")
            say(text.format(link=link))
        say(_("Ctrl-C stops the dashboard; a sync that is going on goes on."))
        with kept_beside(app) if with_worker else nullcontext():
            server.serve()
    return 0


def _refuse_nobody(main: Main, oidc_issuer: str | None) -> None:
    """Raise UsageError where nobody could log in: only by single sign-on, and there is none."""
    if main.settings.only_sso and oidc_issuer is None:
        message = _("sso: required lets nobody in without --oidc-issuer and --oidc-client.")
        raise UsageError(message, code="oidc", where=str(main.path))


def _tls(listen: str, certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """Return certificate and key; UsageError where browsers would come without encryption."""
    if certificate is not None and key is not None:
        return certificate, key
    if certificate is not None or key is not None:
        raise UsageError(_("--certificate and --key go together."), code="tls")
    if not is_loopback(listen):
        message = _(
            "Other computers would reach {address} without encryption. Give --certificate and"
            " --key, or leave --listen out and put a proxy in front with --behind-proxy."
        )
        raise UsageError(message.format(address=listen), code="tls")
    return None


@command("users", help=N_("List who may use the dashboard: rights, and the last log-in."))
@click.pass_obj
def users(app: App) -> None:
    main = load_main(app.config_file)
    found = _listed(main)
    if app.json:
        emit(document(users=[_parts(each) for each in found]))
        return
    if not found:
        say(_("Nobody may use the dashboard yet. `renkei web` prints a link for the first one."))
        return
    titles = (_("user"), _("rights"), _("state"), _("added"), _("last log-in"))
    table(titles, map(_row, found))


def _listed(main: Main) -> Sequence[Reviewed]:
    from renkei_web.review import reviewed

    return reviewed(main)


def _parts(each: Reviewed) -> Document:
    return {
        "name": each.name,
        "administrator": each.administrator,
        "rights": [{"company": name, "role": role} for name, role in each.rights.items()],
        "state": each.state,
        "created_at": moment(each.created_at),
        "last_log_in": moment(each.logged_in_at),
    }


def _row(each: Reviewed) -> tuple[str, ...]:
    from renkei_web.review import right_texts, state_text

    rights = _(", ").join(right_texts(each)) or "-"
    added, last = moment_text(each.created_at), moment_text(each.logged_in_at)
    return each.name, rights, state_text(each.state), added, last


def _queue(path: Path) -> Callable[[Claim, str], None]:
    """Return what puts what people begin in line for the workers of a cluster."""
    from renkei.cluster.putting import put

    return partial(put, cluster_address(path))


def _main(app: App) -> Main:
    """Return what is said of the dashboard; with several companies, a name of one is refused."""
    main = load_main(app.config_file)
    if main.folder is None:
        return app.config().main
    if app.named_company:
        message = _(
            "The dashboard is for all companies: leave --company and RENKEI_COMPANY out. Who may"
            " see which company is set on its page of users."
        )
        raise UsageError(message, code="company")
    return main


def _begin(path: Path) -> None:
    """Begin with a file of its own in an empty folder; the rest is set up in the browser."""
    from renkei.config import setup

    if path.parent.is_dir() and setup.start(path):
        text = _("{path} is written. Log in and set up the connections in the browser.")
        say(text.format(path=path))


def sign_on_of(
    main: Main, issuer: str | None, client: str | None, secret: str | None
) -> SignOn | None:
    """Return the single sign-on, reached on the way that *main* says; None if there is none."""
    if (issuer is None) != (client is None):
        raise UsageError(_("--oidc-issuer and --oidc-client go together."), code="oidc")
    if issuer is None or client is None:
        return None
    from renkei_web.sso import Provider, SignOn

    provider = Provider(issuer=issuer, client_id=client, client_secret=secret)
    return SignOn(provider, network_of(main.settings, main.path.parent))
