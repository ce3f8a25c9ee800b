"""What a page begins, as a command in a process of its own: it goes on without the dashboard."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from renkei.schedule.errand import Errand
from renkei_runner.app import OIDC_SECRET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renkei.config import Config
    from renkei.schedule.rule import Schedule


def launch(
    config: Config, wanted: Errand | Schedule, /, *, who: str, language: str
) -> subprocess.Popen[bytes]:
    """Start what does an errand, or what a schedule does; see ``Launch`` of the dashboard."""
    # -P: nothing is imported from the folder that the server happens to be in
    command = [sys.executable, "-P", "-m", "renkei_runner", "--config", str(config.main.path)]
    if config.company.name:
        command += ["--company", config.company.name]
    # A session of its own: what ends the server does not end a sync (F81).
    return subprocess.Popen(  # noqa: S603 - our own command, without a shell
        [*command, "--lang", language, "--output", "json", *words_of(wanted)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={k: v for k, v in os.environ.items() if k != OIDC_SECRET} | {"RENKEI_WHO": who},
    )


def words_of(wanted: Errand | Schedule) -> Sequence[str]:
    """Return what a person would type for it. A choice is read: a command line is no secret."""
    if not isinstance(wanted, Errand):
        return ["schedule", "run", wanted.name]
    match wanted.deed:
        case "sync":
            unusual = ["--allow-unusual"] if wanted.unusual else []
            return ["sync", wanted.run, "--wait", "--choice", "-", *unusual]
        case "resume":
            return ["resume", wanted.run, "--wait"]
        case "retry":
            return ["sync", wanted.run, "--retry-failed", "--wait"]
        case "fetch" | "again":
            raise ValueError(wanted.deed)  # a dashboard fetches by itself
