"""What a job needs, imported before it begins: see :mod:`renkei_runner.forks`."""

from __future__ import annotations

import gc
import importlib

for _each in (
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "structlog",
    "renkei.runs",
    "renkei.store",
    "renkei_runner.cli",
    "renkei_runner.main",
    "renkei_runner.progress",
    "renkei_runner.schedule",
):
    importlib.import_module(_each)
gc.freeze()
