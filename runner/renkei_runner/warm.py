"""What a job needs, imported and worked out before it begins: see :mod:`renkei_runner.forks`."""

from __future__ import annotations

import gc
import importlib
import os
from pathlib import Path

from renkei_runner import language
from renkei_runner.forks import REHEARSE

language.speak(language.choose(()))
for _each in (
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "structlog",
    "renkei.runs",
    "renkei_runner.cli",
    "renkei_runner.main",
    "renkei_runner.progress",
    "renkei_runner.schedule",
):
    importlib.import_module(_each)


def _rehearse(config: Path) -> None:
    """Do a job in vain; without it real ones are done as well, and take longer."""
    from renkei.config import load_main
    from renkei.config.store import store_at
    from renkei.logs import configure_logging, log
    from renkei.rehearsal import rehearse
    from renkei_runner.app import LOG

    configure_logging(json=os.environ.get(LOG) == "json", level="warning")
    try:
        rehearse(store_at(load_main(config).store, config.parent))
    except Exception as error:  # noqa: BLE001 - whatever it is, the jobs will tell
        log.warning("not_rehearsed", kind=type(error).__name__)


if _config := os.environ.pop(REHEARSE, None):
    _rehearse(Path(_config))
gc.collect()
gc.freeze()  # a fork that collects garbage would copy all of it
