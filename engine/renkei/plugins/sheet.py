"""The capability sheet: what a connector promises, and what has proved it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import cattrs
from attrs import frozen

from renkei.plugins import finding

Result = Literal["proved", "skipped", "failed"]
WORST: tuple[Result, ...] = ("failed", "proved", "skipped")
"""Of several cases of one check: one that failed counts, then one that has proved something."""

SCHEMA_VERSION = 1
FILE = "{connector}.capabilities.json"
"""What the sheet of a connector is called: a package may hold several connectors."""


@frozen(kw_only=True)
class Promised:
    """
    One promise: what became of it, in which *tests*, and *why* it was skipped or has failed.

    *why* of one that is proved tells why some of its cases were skipped.
    """

    name: str
    says: str
    result: Result
    tests: tuple[str, ...] = ()
    why: str = ""


@frozen(kw_only=True)
class Sheet:
    """What was proved of a connector at the version it then had, on one *date*."""

    connector: str
    version: str
    renkei: str
    date: dt.date
    promises: tuple[Promised, ...]

    def counts(self) -> dict[Result, int]:
        """Return how many promises were proved, skipped and failed."""
        results = [each.result for each in self.promises]
        return {result: results.count(result) for result in ("proved", "skipped", "failed")}


def summed_up(cases: Sequence[Promised]) -> tuple[Promised, ...]:
    """Return one line for each promise, whatever the number of its cases."""
    by_name: dict[str, list[Promised]] = {}
    for case in cases:
        by_name.setdefault(case.name, []).append(case)
    return tuple(map(_one_line, by_name.values()))


def _one_line(cases: Sequence[Promised]) -> Promised:
    """Return what all *cases* of one promise come to."""
    results = {case.result for case in cases}
    result = next(each for each in WORST if each in results)
    told = [case for case in cases if case.result == result]
    # Beside one that has passed, a case that was skipped still says why.
    explained = told if result == "failed" else cases
    reasons = [case.why for case in explained if case.why]
    tests = chain.from_iterable(case.tests for case in told)
    return Promised(
        name=cases[0].name,
        says=cases[0].says,
        result=result,
        tests=tuple(tests),
        why=reasons[0] if reasons else "",
    )


def written(sheet: Sheet) -> str:
    """Return *sheet* as a JSON document."""
    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **_converter().unstructure(sheet)}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> Sheet:
    """Return the sheet in *text*; raises ValueError if it is none."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("schema_version") != SCHEMA_VERSION:
        raise ValueError("schema_version")
    try:
        return _converter().structure(document, Sheet)
    except cattrs.BaseValidationError:
        raise ValueError("sheet") from None


def place(connector: str) -> Path:
    """
    Return where the sheet of *connector* is kept: beside the module that its entry point names.

    Raises ConfigurationError if there is no such connector, or no such module.
    """
    module = finding.entry(connector).module
    try:
        spec = find_spec(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the package around it is loaded
        raise finding.unusable(connector, type(error).__name__) from None
    if spec is None or spec.origin is None:
        raise finding.unusable(connector, ModuleNotFoundError.__name__)
    return Path(spec.origin).with_name(FILE.format(connector=connector))


def sheet_of(connector: str) -> Sheet | None:
    """Return what was proved of *connector*; None unless its sheet is there and can be read."""
    try:
        found = read(place(connector).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if found.connector == connector else None


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_unstructure_hook(dt.date, dt.date.isoformat)
    converter.register_structure_hook(dt.date, lambda text, _kind: dt.date.fromisoformat(text))
    return converter
