"""
Companies of the sandbox as an installation of renkei keeps them, all due at one o'clock at night.

What `renkei demo --cluster` shows, and what is measured.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from renkei.clock import Clock
from renkei.schedule.dispatcher import Processes
from renkei.worker import Worker

JST: Final = dt.timezone(dt.timedelta(hours=9))

SCHEDULE: Final = "nightly"

MAIN = """\
companies: companies/
store: "{store}"
"""
COMPANY = """\
label: {label}
connections:
  smarthr:
    connector: smarthr
    label: SmartHR
    base_url: {smarthr}
    token: file:../tokens/{name}.smarthr
{more}
  touchontime:
    connector: touchontime
    label: Touch On Time
    base_url: {touchontime}
    token: file:../tokens/{name}.touchontime
{more}
mappings:
  - use: smarthr-touchontime
schedules:
  - name: nightly
    at: "0 1 * * *"
    from: smarthr
    to: touchontime
    sync: {{difference: [new, changed]}}
    new: {{divisionCode: "100", typeCode: "1"}}
"""
"""A file of one company; *more* stands in both of its connections."""


@frozen(kw_only=True)
class Office:
    """One company of the sandbox: what it is called, and its token for each system."""

    name: str
    label: str
    tokens: Mapping[str, str]


@frozen(kw_only=True)
class Site:
    """
    An installation in *folder*, with its store at the address *store*, of those *offices*.

    *systems* are the addresses of both systems, *day* the calendar day. *more* is added to each
    connection.
    """

    folder: Path
    store: str
    systems: Mapping[str, str]
    offices: Sequence[Office]
    day: dt.date
    more: str = ""
    language: str = "en"

    @property
    def config(self) -> Path:
        """The file that commands are given."""
        return self.folder / "renkei.yaml"

    @property
    def one_o_clock(self) -> dt.datetime:
        """When the runs of all companies are due."""
        return dt.datetime.combine(self.day, dt.time(1), JST)

    def set_up(self) -> None:
        """Write the files, and let due times count from a minute before they are due."""
        self.config.write_text(MAIN.format(store=self.store), encoding="utf-8")
        for kind in ("companies", "tokens"):
            (self.folder / kind).mkdir(mode=0o700)
        for office in self.offices:
            text = COMPANY.format(
                name=office.name, label=office.label, more=self.more, **self.systems
            )
            path = self.folder / "companies" / f"{office.name}.yaml"
            path.write_text(text, encoding="utf-8")
            for system, token in office.tokens.items():
                secret = self.folder / "tokens" / f"{office.name}.{system}"
                secret.touch(mode=0o600)
                secret.write_text(token, encoding="utf-8")
        before = Clock(self.one_o_clock - dt.timedelta(minutes=1))
        nobody = Processes(command=lambda _claim: [], most=0)
        with Worker(self.config, nobody, clocks=lambda _config: before) as worker:
            worker.look()

    def environment(self, after: dt.timedelta = dt.timedelta(seconds=5)) -> dict[str, str]:
        """Return what a command finds around it, so long *after* one o'clock."""
        return {
            **os.environ,
            "RENKEI_CONFIG": str(self.config),
            "RENKEI_LANG": self.language,
            "RENKEI_NOW": (self.one_o_clock + after).isoformat(),
        }
