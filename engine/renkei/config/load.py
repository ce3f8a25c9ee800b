"""Reads the configuration file, of one company or of several, and the files of several companies.

Every mistake is told with its place, all at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from attrs import evolve, field, fields_dict, frozen

from renkei.config.checks import path_of, problems_in
from renkei.config.main import Company, DashboardSettings, Environment, Main
from renkei.config.notify import Notify
from renkei.config.records import Config, ConnectionConfig, MappingUse, Settings
from renkei.config.retention import Retention
from renkei.config.store import store_at
from renkei.errors import ConfigurationError, Hint, MappingError, Problem
from renkei.schedule.rule import Schedule
from renkei.words.i18n import _
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import Data, Document, read_yaml
from renkei.yamlfile.structure import structure


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
    theirs = fields_dict(_OneCompany).keys() - fields_dict(_Several).keys()
    misplaced = _("It has companies:, so this stands in the file of a company, or companies: goes.")
    kept = sorted(theirs & data.keys())
    problems = [document.problem((key,), misplaced, key=True) for key in kept]
    problems += problems_in(document)
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
    connections = {
        name: _complete(name, each, written.settings) for name, each in written.connections.items()
    }
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
        connections=connections,
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
    settings = data.get("settings")
    if isinstance(settings, dict) and "metrics" in settings:
        message = _("It stands in {path} alone: a monitor is told of all companies together.")
        yield document.problem(("settings", "metrics"), message.format(path=main.path), key=True)


def _text(path: Path) -> str:
    if not path.exists():
        message = _("There is no configuration file {path}.")
        raise ConfigurationError(message.format(path=path), where=str(path), hint=Hint("init"))
    return read_file(path)


def _complete(name: str, written: ConnectionConfig, all_: Settings) -> ConnectionConfig:
    """Return a connection with what is said for all, where it says nothing itself."""
    proxy = written.proxy or all_.proxy
    if written.loopback:
        proxy = None  # no proxy leads back to this computer
    ca_file = all_.ca_file if written.ca_file is None else written.ca_file
    return evolve(written, label=written.label or name, proxy=proxy, ca_file=ca_file)
