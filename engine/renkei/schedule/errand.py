"""What a person wants done, as a job carries it from a dashboard to whichever worker does it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

from attrs import asdict, frozen

FETCH = "a fetch"
"""What the job of a fetch is called in place of a schedule; no schedule can be called so."""

Deed = Literal["fetch", "again", "sync", "resume", "retry"]
"""*again*: fetch what a run has compared, with its choice; *retry*: those once more who failed."""


@frozen(kw_only=True)
class Errand:
    """
    One thing that a person wants done, in the *language* in which they hear of it.

    *target* is the connection that is written to, or would be. A fetch has its *source*, the
    *base_date* that was chosen (None: today) and in *seen* whose accounts the person has confirmed
    as those of one company, in words. All others are about a *run*; of a fetch *again*, *user* is
    for whom the dashboard ticks those who were chosen. A sync carries out the *choice* of that
    digest, and nothing else, *unusual* as it may be.
    """

    deed: Deed
    target: str
    language: str
    source: str = ""
    run: str = ""
    base_date: dt.date | None = None
    seen: tuple[str, ...] = ()
    user: int | None = None
    choice: str | None = None
    unusual: bool = False

    @property
    def fetches(self) -> bool:
        """Whether it makes a run, and so has none before it begins."""
        return self.deed in ("fetch", "again")

    @property
    def name(self) -> str:
        """
        What its job is called in place of a schedule; no schedule can be called so.

        Of those that write in a run there is one at a time.
        """
        return FETCH if self.fetches else f"run {self.run}"

    def plain(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        told = asdict(self, filter=lambda _each, value: value not in (None, "", (), False))
        if self.base_date is not None:
            told["base_date"] = self.base_date.isoformat()
        return told

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Errand:
        """Return what :meth:`plain` wrote."""
        date = plain.get("base_date")
        more = {
            "base_date": None if date is None else dt.date.fromisoformat(date),
            "seen": tuple(plain.get("seen", ())),
        }
        return cls(**{**plain, **more})


@frozen(kw_only=True)
class Account:
    """Whose account a connection opens, as a person is asked about it."""

    connection: str
    text: str


@frozen(kw_only=True)
class Answer:
    """
    What a job has to say to the person who asked for it: a *message*, or a question.

    The question is whether these *accounts* are of one company.
    """

    message: str = ""
    accounts: tuple[Account, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Answer:
        """Return what :meth:`plain` wrote."""
        accounts = tuple(Account(**each) for each in plain["accounts"])
        return cls(message=plain["message"], accounts=accounts)
