"""Who hears of a company, and the letter that goes to each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve, frozen

from renkei.alerts.notifier import Message
from renkei.alerts.sending import Became, Letter
from renkei.config.main import Company, DashboardSettings, Main
from renkei.config.network import network_of
from renkei.config.notify import Notify, Receiver, address_mistake, is_reference
from renkei.config.records import Config, Settings
from renkei.config.secrets import resolve_secret
from renkei.errors import ConfigurationError, RenkeiError
from renkei.http.network import Network
from renkei.store.companies import Companies
from renkei.store.store import Store
from renkei.words.i18n import language

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
        found.append(
            Audience(to=own.to, notify=mine, way=partial(way_of, config), base=config.base)
        )
    if config.main.folder is not None and shared.to:
        found.append(audience_of_all(config.main))
    return found


def audience_of_all(main: Main) -> Audience:
    """Return the receivers of the main file of several companies."""
    base = main.path.parent
    way = partial(_way_of_all, main)
    return Audience(to=main.notify.to, notify=main.notify, way=way, base=base, of_all=True)


def way_of(config: Config) -> Network:
    """Return the way out of a company: that of its messages, else its own, else that of all."""
    way = _said(config.notify, config.settings)
    if config.main.folder is not None and way == Notify():  # its own file says neither
        return _way_of_all(config.main)
    return network_of(way, config.base)


def _way_of_all(main: Main) -> Network:
    return network_of(_said(main.notify, main.settings), main.path.parent)


def _said(own: Notify, settings: Settings | DashboardSettings) -> Notify:
    """Return what a file says of the way of messages: for them, else for all requests."""
    return Notify(proxy=own.proxy or settings.proxy, ca_file=own.ca_file or settings.ca_file)


def is_wanted(kind: str, those: Iterable[Audience]) -> bool:
    """Tell whether any of *those* is told of something of a *kind*."""
    return any(each.wants(kind) for each in those)


def name_of(company: Company, store: Store | Companies) -> str:
    """Return the code that stands for a company in messages; nothing for the only one."""
    return store.digest(f"company\n{company.name}")[:CODE].upper() if company.name else ""


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


def shown(receiver: Receiver) -> str:
    """Return a receiver as people are shown it: where its address is kept, or that itself."""
    if receiver.url.startswith("cmd:"):
        return f"cmd:{receiver.url.removeprefix('cmd:').split()[0]}"
    return receiver.url


def posted(letters: Sequence[Letter | Became], post: Post) -> list[Became]:
    """Send the *letters* that could be written; return what became of all."""
    found = [each for each in letters if isinstance(each, Became)]
    written = [each for each in letters if isinstance(each, Letter)]
    return [*found, *(post(written) if written else ())]


def has_reached_nobody(became: Sequence[Became]) -> bool:
    """
    Tell whether all messages were refused: then what they told of is given back.

    One that may have arrived is not sent twice, and one that has arrived is enough.
    """
    return bool(became) and all(each.fate == "refused" for each in became)
