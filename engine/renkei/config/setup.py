"""Setting up without a terminal: connections, tokens and pairs are written into the file.

Only where the file lets browsers do so (``settings: {setup: web}``). Everything that stands in it
stays, comments too; the file before is kept beside it. A token goes into a file of its own that
nobody else can read, and into no text that is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, cast

from attrs import evolve, frozen

from renkei import files
from renkei.config import amended, edit, tokens
from renkei.config.checks import name_mistake
from renkei.config.load import parse_config
from renkei.config.main import DashboardSettings
from renkei.config.records import Config, ConnectionConfig, MappingUse, Options
from renkei.errors import ConfigurationError, MappingError, UsageError
from renkei.logs import log
from renkei.mapping.load import built_in_mappings, parse_mapping
from renkei.plugins.offline import installed, needs_of
from renkei.words.acts import Note, unnoted
from renkei.words.i18n import _
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import Document, read_yaml

COMPANIES = "companies"
"""The folder that says, where it is alone and empty, that there will be several."""

COMPANIES_IN = f"companies: {COMPANIES}/"

_KEY = re.compile(r"\s+(connector|label|base_url|options): ")
"""What the line of a new connection is about that has a mistake."""


@frozen(kw_only=True)
class Change:
    """What was written, and in which *line* of the file at *path*."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@frozen(kw_only=True)
class Offer:
    """A built-in mapping that could pair two connections that are there, by side."""

    use: str
    sides: Mapping[str, str]


def start(path: Path) -> bool:
    """
    Write a first file to *path* if nothing at all is in its folder; return whether it was done.

    It lets browsers set up the rest. With an empty folder for companies in it they add several.
    """
    inside = list(path.parent.iterdir())
    if not inside:
        first = _("renkei.yaml: what renkei connects. It holds no secret, only where to find one.")
        rest = "connections: {}"
    elif _is_empty_folder_for_companies(inside):
        first = _("renkei.yaml: where the companies are, and their store.")
        rest = COMPANIES_IN
    else:
        return False
    second = _("Administrators set it up in the browser; without setup: web they only look at it.")
    lines = [f"# {first}", f"# {second}", rest, "store: renkei.db", "settings: {setup: web}", ""]
    files.replace(path, ["\n".join(lines)])
    return True


def _is_empty_folder_for_companies(inside: Sequence[Path]) -> bool:
    if len(inside) != 1:
        return False
    folder = inside[0]
    return folder.name == COMPANIES and folder.is_dir() and not any(folder.iterdir())


def company(label: str, environment: str) -> str:
    """Return the file of a new company, of which browsers set up the rest; *label* may be empty."""
    comments = (
        _("What renkei connects of this company. It holds no secret, only where to find one."),
        _("Administrators set it up in the browser; without setup: web they only look at it."),
    )
    lines = [f"# {line}" for line in comments]
    if label:
        lines.append(f"label: {amended.quoted(label)}")
    lines += [f"environment: {environment}", "connections: {}", "settings: {setup: web}", ""]
    return "\n".join(lines)


def connectors() -> dict[str, frozenset[str]]:
    """Return the connectors that can be used, and what a connection of each has to say."""
    usable = [each.name for each in installed() if each.problem is None]
    return {name: frozenset(needs_of(name)) for name in usable}


def add_connection(
    config: Config,
    name: str,
    written: ConnectionConfig,
    token: str,
    note: Note = unnoted,
) -> Change:
    """
    Add a connection with its *token*, which is empty where the connector needs none.

    *note* is called when nothing is wrong with it and only the file has to take its place. Raises
    UsageError with every mistake, ConfigurationError if nothing can be written.
    """
    refuse(config.settings, config.path)
    _refuse_connection(config, name, written, token)
    place = tokens.place_of(config, name) if token.strip() else None
    reference = tokens.reference_to(config, place) if place else ""
    with _changing(config) as document:
        text = amended.with_connection(document, name, evolve(written, token=reference))
        new = _as_read(config, text, name)
        meant = evolve(config, connections={**config.connections, name: new})
        # The token first: the file names none that is not there.
        with tokens.new(place, tokens.sound(token)) if place else nullcontext():
            return _put(config, meant, text, ("connections", name), note)


def _refuse_connection(config: Config, name: str, written: ConnectionConfig, token: str) -> None:
    """Raise UsageError for what is wrong with a new connection before anything is written."""
    if name in config.connections:
        raise UsageError(_("There is a connection {name} already.").format(name=name), code="name")
    if mistake := name_mistake(name):
        raise UsageError(mistake, code="name")
    known = connectors()
    if written.connector not in known:
        raise UsageError(_("Choose a system."), code="connector")
    for key, entered in (("base_url", written.base_url), ("token", token.strip())):
        if key in known[written.connector] and not entered:
            message = _("{connector} needs it: fill it in.").format(connector=written.connector)
            raise UsageError(message, code=key)


def replace_token(config: Config, name: str, token: str, note: Note = unnoted) -> Change:
    """
    Keep another *token* for a connection, in the file that is renkei's own; *note* as above.

    The one before stays beside it until the next change here, so that this one can be put back.
    """
    refuse(config.settings, config.path)
    connection = config.connection(name)
    if not isinstance(connection.token, str):
        message = _("The token of {name} is asked for by OAuth. Its references are kept by hand.")
        raise UsageError(message.format(name=name), code="token")
    place = tokens.place_of(config, name)
    reference = tokens.reference_to(config, place)
    plain = tokens.sound(token)
    where = ("connections", name, "token")
    with _changing(config) as document:
        if connection.token == reference:
            tokens.replace(config, place, plain, note)
            done = Change(path=config.path, line=document.at(where)[0])
        else:
            text = amended.with_token(document, name, reference)
            own = evolve(connection, token=reference)
            meant = evolve(config, connections={**config.connections, name: own})
            with tokens.new(place, plain):
                done = _put(config, meant, text, where, note)
    log.info("token_replaced")
    return done


def offers(config: Config) -> list[Offer]:
    """Return every built-in mapping with the connections that it could pair and does not yet."""
    found = []
    for name, file in sorted(built_in_mappings().items()):
        sides = parse_mapping(file.read_text(encoding="utf-8"), file.name).sides
        for pair in _fitting(config, sides):
            offer = Offer(use=name, sides=pair)
            is_there = any(_is_for(use, offer) for use in config.mappings)
            if not is_there:
                found.append(offer)
    return found


def use_mapping(config: Config, use: str, sides: Mapping[str, str], note: Note = unnoted) -> Change:
    """
    Let a built-in mapping pair two connections; UsageError unless :func:`offers` has it.

    *note* as above.
    """
    refuse(config.settings, config.path)
    offer = Offer(use=use, sides=dict(sides))
    if offer not in offers(config):
        raise UsageError(_("This pair cannot be added."), code="not_paired")
    with _changing(config) as document:
        text = amended.with_use(document, offer.use, offer.sides)
        new = MappingUse(use=use, sides=dict(sides))
        meant = evolve(config, mappings=(*config.mappings, new))
        if parse_config(text, config.path, main=_main(config)).mappings != meant.mappings:
            meant = evolve(config, mappings=(new, *config.mappings))  # in a list in one line
        return _put(config, meant, text, ("mappings", meant.mappings.index(new)), note)


def undo(config: Config, note: Note = unnoted) -> Path:
    """
    Put back the file as it was before the last change from here; return what was kept of it.

    If that was another token in place of one, the token. *note* is called before that, if it can be
    done.
    ConfigurationError if somebody has changed the file since: nothing of theirs is lost.
    """
    refuse(config.settings, config.path)
    try:
        with files.alone(config.path):
            before = _put_back(config, note)
    except OSError:
        raise _by_hand(config) from None
    log.info("setup_undone")
    return before


def _put_back(config: Config, note: Note) -> Path:
    """Do that, now that nobody else changes the file."""
    path = config.path.resolve()
    before, token = _last_change(config)
    if was_added(config):
        message = _("Nothing of {path} was changed since the company was added.")
        raise UsageError(message.format(path=path), code="nothing_to_undo", where=str(path))
    if before is None:
        raise _changed_since(path)
    note()  # first: what cannot be noted is not done (F98)
    if token is not None:
        was, place = token
        was.replace(place)
    before.replace(path)
    with suppress(MappingError, OSError):  # it has been put back all the same
        tokens.forget_gone(config, parse_config(read_file(path), config.path, main=_main(config)))
    return before


def _changed_since(path: Path) -> ConfigurationError:
    """Return the error of a file that is not as the last change from here has left it."""
    kept = edit.befores(path)
    if kept:
        message = _(
            "{path} was changed otherwise since, so nothing is put back. The last file that was"
            " kept is {kept}."
        )
        told = message.format(path=path, kept=kept[0].name)
    else:
        told = _("{path} was changed otherwise since, so nothing is put back.").format(path=path)
    return ConfigurationError(told, where=str(path))


def can_undo(config: Config) -> bool:
    """Return whether the file is as the last change from here has left it."""
    return _last_change(config)[0] is not None


def _last_change(config: Config) -> tuple[Path | None, tuple[Path, Path] | None]:
    """
    Return what was kept before the last change from here, and of a token with the token's place.

    The file before and after another token is the same; without the token before, which the next
    change has removed, there is nothing to put back.
    """
    path = config.path.resolve()
    before = edit.before_now(path)
    if before is None or before.read_bytes() != path.read_bytes():
        return before, None
    for name in config.connections:
        place = tokens.place_of(config, name)
        kept = tokens.before_of(place, path, before)
        if kept.exists():
            return before, (kept, place)
    return None, None


def was_added(config: Config) -> bool:
    """Return whether the file is as it was when a browser has added the company."""
    before = edit.before_now(config.path.resolve())
    return before is not None and before.stat().st_size == 0


def options_in(text: str) -> Options:
    """Return the options that are written as ``name: value``, one a line; UsageError otherwise."""
    if not text.strip():
        return Options({})
    try:
        data = read_yaml(text, "options").data
    except MappingError as error:
        told = _("Options: {mistakes}")
        mistakes = "; ".join(each.message for each in error.problems)
        raise UsageError(told.format(mistakes=mistakes), code="options") from None
    if not isinstance(data, dict):
        raise UsageError(_("Options: write “name: value”, one in each line."), code="options")
    return Options(cast("dict[str, Any]", data))


# --- the file -------------------------------------------------------------------------------------


def refuse(settings: DashboardSettings, path: Path) -> None:
    """Raise UsageError where only people with a terminal change the file at *path*."""
    if settings.setup != "web":
        message = _(
            "{path} is not changed from the browser. If you keep that file, you can allow it there:"
            " settings: {{setup: web}}"
        )
        raise UsageError(message.format(path=path), code="setup", where=str(path))


@contextmanager
def _changing(config: Config) -> Iterator[Document]:
    """Let the block be the only one that changes the file, as :func:`edit.changing`."""
    try:
        with edit.changing(config) as document:
            yield document
    except (MappingError, OSError):
        raise _by_hand(config) from None


def _main(config: Config) -> Any:  # noqa: ANN401 - as parse_config takes it
    return config.main if config.main.folder else None


def _as_read(config: Config, text: str, name: str) -> ConnectionConfig:
    """Return a connection as it is read from *text*; UsageError with what is wrong with it."""
    try:
        return parse_config(text, config.path, main=_main(config)).connections[name]
    except MappingError as error:
        messages = [each.message for each in error.problems]
        told = "\n".join(dict.fromkeys(messages))
        first = error.problems[0]
        line = text.splitlines()[first.line - 1]
        key = _KEY.match(line)
        is_of_value = key is not None and first.column > key.end()
        raise UsageError(told, code=key[1] if key and is_of_value else "connection") from None
    except KeyError:
        raise _by_hand(config) from None


def _put(
    config: Config, meant: Config, text: str, where: tuple[str | int, ...], note: Note
) -> Change:
    try:
        edit.put(text, meant, note)
    except (MappingError, OSError):
        raise _by_hand(config) from None
    tokens.forget_before(config.base, config.company.name)
    line = read_yaml(text, str(config.path)).at(where, key=where[0] == "connections")[0]
    log.info("set_up")
    return Change(path=config.path, line=line)


def _by_hand(config: Config) -> ConfigurationError:
    message = _("{path} cannot be changed from here: write it there by hand.")
    return ConfigurationError(message.format(path=config.path), where=str(config.path))


# --- pairs ----------------------------------------------------------------------------------------


def _fitting(config: Config, sides: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield every two connections that are of the kinds of both *sides*."""
    (first, one), (second, other) = sides.items()
    for name, each in config.connections.items():
        for partner, another in config.connections.items():
            if name != partner and (each.connector, another.connector) == (one, other):
                yield {first: name, second: partner}


def _is_for(use: MappingUse, offer: Offer) -> bool:
    """Tell whether a use is of that mapping, and for these two, or for the only two there are."""
    return use.use == offer.use and use.sides in ({}, offer.sides)
