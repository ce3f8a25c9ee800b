"""Whose accounts a fetch compares: rarely asked, shown to a person at first, refused if changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from renkei.errors import AccessError, RenkeiError
from renkei.http.ahead import begun
from renkei.model import KnownAccount, Remark
from renkei.observer import Observer
from renkei.plan.refusals import account_changed, other_company
from renkei.plugins.facade import Reader
from renkei.store.releases import Place
from renkei.words.codes import remark


@frozen(kw_only=True)
class Whose:
    """
    The accounts of one fetch, the source's first.

    *known* are those that were known before, by connection. *last* is what the last fetch of this
    pair has cost, if there was one; *first*: nobody has ever fetched it, in neither direction.
    *refused* is what a system that does not know its token has answered: its list would be refused
    as well.
    """

    accounts: tuple[KnownAccount, ...]
    known: Mapping[str, KnownAccount]
    last: Mapping[str, Any] | None
    first: bool
    refused: AccessError | None = None

    def confirmed(self, observer: Observer, who: str, at: dt.datetime) -> Whose:
        """
        Return them as a person has confirmed them, who is asked at the first fetch of a pair.

        Where nobody can be asked they stay as they are. Raises UsageError after a "no".
        """
        is_any_told = any(each.customer.is_told for each in self.accounts)
        if not (self.first and is_any_told):
            return self
        answer = observer.same_company(self.accounts)
        if answer is None:
            return self
        if not answer:
            raise other_company(*(each.connection for each in self.accounts))
        accounts = (evolve(each, confirmed_by=who, confirmed_at=at) for each in self.accounts)
        return evolve(self, accounts=tuple(accounts))

    @property
    def news(self) -> list[KnownAccount]:
        """What a system has told, or a person confirmed, that was not known before."""
        news: list[KnownAccount] = []
        for each in self.accounts:
            is_new = each != self.known.get(each.connection)
            if each.account and is_new:
                news.append(each)
        return news

    @property
    def named(self) -> list[Remark]:
        """What stands with the first run of a pair."""
        if not self.first:
            return []
        named: list[Remark] = []
        for each in self.accounts:
            name = each.customer.name
            if name:
                named.append(remark("account_named", system=each.connection, name=name))
        return named


def look(
    readers: Sequence[Reader],
    places: Sequence[Place],
    known: Mapping[str, KnownAccount],
    at: dt.datetime,
) -> tuple[KnownAccount, ...]:
    """
    Return whose accounts these are; a system is asked only about an address and token new to us.

    All are asked at the same time. Raises UsageError if one of them is another account than the
    *known* one of its connection, and AccessError for a token that is refused.
    """

    def ask(asked: tuple[Reader, Place]) -> KnownAccount:
        reader, place = asked
        return _look(reader, place.account, known.get(reader.name), at)

    answers = [begun(ask, each) for each in zip(readers, places, strict=True)]
    return tuple(answer.result() for answer in answers)


def told(reader: Reader, account: str, at: dt.datetime) -> KnownAccount:
    """
    Return what the system tells of its account by one request, whether that fails or not.

    Raises AccessError if the token is refused: nothing else that is asked would be answered.
    """
    try:
        with reader.connection.once():
            customer = reader.account_name()
    except RenkeiError as error:
        if isinstance(error, AccessError) and error.for_all:
            raise
        customer = None  # the next fetch asks again
    if customer is None:
        return KnownAccount(connection=reader.name)
    return KnownAccount(connection=reader.name, account=account, customer=customer, at=at)


def _look(reader: Reader, account: str, kept: KnownAccount | None, at: dt.datetime) -> KnownAccount:
    if kept is not None and kept.account == account:
        return kept  # a token opens one account
    now = told(reader, account, at)
    if kept is None or not now.account:
        return now
    return _after(kept, now)


def _after(kept: KnownAccount, now: KnownAccount) -> KnownAccount:
    """Return *now* with what stays of before; UsageError if both times told another id."""
    before, after = kept.customer, now.customer
    if not (before.ids and after.ids):
        # an id that was told before stays known: the next answer that has one is held against it
        customer = after if after.ids else evolve(before, name=after.name or before.name)
        return evolve(now, customer=customer)
    if set(before.ids).isdisjoint(after.ids):
        raise account_changed(kept, now)
    return evolve(now, confirmed_by=kept.confirmed_by, confirmed_at=kept.confirmed_at)
