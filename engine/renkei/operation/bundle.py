"""
A bundle for support: what somebody far away needs to see, and nothing of anybody's.

It says what may go in, never what has to stay out: known keys, numbers of settings, words of closed
lists, codes. A name, a host, a path, a label, a number of a person has no way in. Companies and
connections are counted off instead of named.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from attrs import define, field

from renkei import files
from renkei.config.main import Company, DashboardSettings, Main
from renkei.config.notify import Notify, Receiver
from renkei.config.records import ConnectionConfig, MappingUse
from renkei.errors import MappingError, RenkeiError
from renkei.mapping.load import GROUP
from renkei.operation.doctor import versions
from renkei.operation.signs import Sign
from renkei.plugins import finding
from renkei.schedule.rule import Chosen
from renkei.words.codes import TABLE
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import Data, read_yaml

LINES = 200
"""How many lines of a log are enough."""

REMOVED = "…"

NUMBERS = frozenset(
    {
        "max_plan_age_hours", "settle_wait_seconds", "longest_request_seconds", "in_flight",
        "count", "seconds", "people", "percent", "leavers", "joiners", "creates", "updates",
        "leaving", "returning", "emptied", "shrink",
    }
)  # fmt: skip
"""Keys of numbers that are about how renkei works."""

SWITCHES = frozenset({"paused", "done", "weekly", "companies"})
"""Keys of what is on or off."""


def _closed(record: type) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the keys of a record that have words of a closed list, with those words."""
    for name, hint in get_type_hints(record).items():
        if words := "|".join(_words(hint)):
            yield name, re.compile(words)


def _words(hint: object) -> Iterator[str]:
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif isinstance(hint, type) and issubclass(hint, StrEnum):
        yield from hint
    else:
        for each in get_args(hint):
            yield from _words(each)


_CHOSEN = (Company, DashboardSettings, ConnectionConfig, MappingUse, Notify, Receiver, Chosen)


def _all_closed() -> dict[str, re.Pattern[str]]:
    """Return the same of all records of a configuration."""
    found: dict[str, re.Pattern[str]] = {}
    for record in _CHOSEN:
        found.update(_closed(record))
    return found


WORDS: Mapping[str, re.Pattern[str]] = {
    **_all_closed(),
    "values": re.compile(r"[1-9]\d{0,4}[dy]"),
    "records": re.compile(r"[1-9]\d{0,4}[dy]"),
    "between": re.compile(r"\d\d:\d\d-\d\d:\d\d"),
    "closed_hours": re.compile(r"\d\d:\d\d-\d\d:\d\d"),
    "not_on": re.compile(r"\d\d?(-\d\d?)?"),
}
"""Keys of words, and which words: whatever else stands there is removed."""

KEYS = frozenset(
    {
        *NUMBERS, *SWITCHES, *WORDS, "connector", "use",
        "connections", "mappings", "settings", "retention", "schedules", "store", "label",
        "companies", "base_url", "token", "options", "without", "limits", "safety", "expected",
        "proxy", "ca_file", "sides", "who", "name", "from", "to", "at", "sync", "new", "notify",
        "metrics", "oauth2", "url", "client", "secret", "scope", "refresh", "key", "on",
        "dashboard", "heartbeat", "why",
    }
)  # fmt: skip
"""Keys that a configuration can have; any other is a name that somebody has given."""

SCHEMES = re.compile(r"(env|file|cmd|https?|postgres(?:ql)?|sqlite|mailtos?):")
"""How a reference or an address begins: that much may be told."""

_SLUG = re.compile(r"[a-z_]{1,40}")

LOG_NUMBERS = frozenset(
    {
        "attempt", "bytes", "calls", "count", "limit", "pid", "remaining", "seconds", "status",
        "total",
    }
)  # fmt: skip
LOG_WORDS: Mapping[str, re.Pattern[str]] = {
    "timestamp": re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,15}Z"),
    "level": re.compile(r"debug|info|warning|error"),
    "event": re.compile(r"[a-z]+(_[a-z]+)+|written|retained|refused"),
    "run": re.compile(r"\d{1,15}"),
    "method": re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE) /[a-z{}/_.:]*|[a-z_]+\.py:\d+"),
    "logger": re.compile(r"(alembic|apprise|httpcore|httpx|sqlalchemy|uvicorn)[a-z_.]*"),
}
"""Fields of a line of the log, and what may stand in them."""


@define
class StandIns:
    """Numbers that stand in for names: the same name has the same number in the whole bundle."""

    _known: dict[tuple[str, str], str] = field(factory=dict)
    _counts: dict[str, int] = field(factory=dict)

    def of(self, kind: str, name: str) -> str:
        """Return what stands for the *name* of a company or a connection; "" stays."""
        if not name:
            return ""
        if (kind, name) not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[kind, name] = f"{kind}-{self._counts[kind]}"
        return self._known[kind, name]


def write(goal: Path, main: Main, signs: Sequence[Sign], log: Path | None = None) -> list[str]:
    """
    Write the bundle to *goal*, for its owner alone; return the names of what is in it.

    *log* is a file of renkei's JSON lines. Raises OSError.
    """
    stand_ins = StandIns()
    told = [_sign(each, stand_ins) for each in signs]
    parts: dict[str, str] = {
        "versions.json": _json(versions()),
        "doctor.json": _json(told),
        "configuration.json": _json(_configurations(main, stand_ins)),
    }
    if log is not None:
        lines, dropped = _log(log, stand_ins)
        parts["log.jsonl"] = "".join(f"{_json(line, indent=None)}\n" for line in lines)
        parts["log.json"] = _json({"lines": len(lines), "left_out": dropped})
    draft = goal.with_name(f".{goal.name}.draft")
    try:
        files.replace(draft, [""])
        # not packed tight: a search for a word in the file itself finds it
        with draft.open("r+b") as file, zipfile.ZipFile(file, "w") as packed:
            for name, text in parts.items():
                packed.writestr(zipfile.ZipInfo(name), text)
        draft.replace(goal)
    finally:
        draft.unlink(missing_ok=True)
    return list(parts)


def _sign(sign: Sign, stand_ins: StandIns) -> dict[str, Any]:
    """Return what of a sign leaves the house: no sentence, since that may quote what is wrong."""
    company = stand_ins.of("company", sign.company)
    return {
        "subject": sign.subject,
        "level": sign.level,
        "code": sign.code if _SLUG.fullmatch(sign.code) else "other",  # a connector has its own
        **({"company": company} if company else {}),
        "figures": dict(sign.figures),
    }


def _configurations(main: Main, stand_ins: StandIns) -> Any:  # noqa: ANN401
    found = {"main": redacted(main.document.data, stand_ins)}
    if main.folder is not None:
        for name in main.names():
            with suppress(MappingError):  # not even YAML; the doctor has said so
                path = main.new_file(name)
                data = read_yaml(read_file(path), str(path)).data
                found[stand_ins.of("company", name)] = redacted(data, stand_ins)
    return found


def redacted(data: Data, stand_ins: StandIns, key: str = "") -> Any:  # noqa: ANN401 - as the file has it
    """Return a configuration as it may be shown to anybody; *key* is what *data* stands under."""
    if isinstance(data, dict):
        return dict(_entries(data, stand_ins, key))
    if isinstance(data, list):
        return [redacted(each, stand_ins, key) for each in data]
    if data is None:
        return None
    text = str(data)
    if key in SWITCHES and text in ("true", "false", "True", "False"):
        return text.lower() == "true"
    if key in NUMBERS and re.fullmatch(r"\d{1,6}", text):
        return int(text)
    if key in WORDS and WORDS[key].fullmatch(text):
        return text
    if key == "connector" and text in _connectors():
        return text
    if key == "use" and text in _mappings():
        return text
    # What nobody has listed is removed: of a list of secrets one forgotten key would be a leak.
    # docs/decisions/2026-11-29-being-operated.md
    scheme = SCHEMES.match(text)
    return f"{scheme[1]}:{REMOVED}" if scheme else REMOVED


@cache
def _connectors() -> frozenset[str]:
    """Return the connectors that come with renkei; others may be called after who has made them."""
    found = finding.found(finding.CONNECTORS)
    return frozenset(each.name for each in found if _is_ours(each))


@cache
def _mappings() -> frozenset[str]:
    names: set[str] = set()
    for each in entry_points(group=GROUP):
        if not _is_ours(each):
            continue
        for file in resources.files(each.value).iterdir():
            names.add(file.name.removesuffix(".yaml"))
    return frozenset(names)


def _is_ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == "renkei"


def _entries(data: dict[str, Data], stand_ins: StandIns, key: str) -> Iterator[tuple[str, Any]]:
    if key in ("options", "who", "new"):  # whatever is in them is a customer's own
        if data:
            yield f"{REMOVED}{len(data)}", REMOVED
        return
    for name, each in data.items():
        if key == "connections":
            yield stand_ins.of("connection", name), redacted(each, stand_ins, name)
        elif name in KEYS:
            yield name, redacted(each, stand_ins, name)
        else:
            yield stand_ins.of("key", name), redacted(each, stand_ins)


def _log(path: Path, stand_ins: StandIns) -> tuple[list[dict[str, Any]], int]:
    """Return the last lines that are renkei's, and how many were left out or are of others."""
    with path.open(encoding="utf-8", errors="replace") as file:
        last = deque(file, LINES)
    kept: list[dict[str, Any]] = []
    for text in last:
        line = _line(text, stand_ins)
        if line is not None:
            kept.append(line)
    return kept, len(last) - len(kept)


def _line(text: str, stand_ins: StandIns) -> dict[str, Any] | None:
    try:
        event = json.loads(text)
    except ValueError:
        return None
    if not isinstance(event, dict) or not {"timestamp", "level", "event"} <= event.keys():
        return None
    found: dict[str, Any] = {}
    for key, value in event.items():
        if key == "company":
            found[key] = stand_ins.of("company", str(value))
        elif _may_be_told(key, value):
            found[key] = value
    return found if "event" in found else None


def _may_be_told(key: str, value: object) -> bool:
    """Tell whether a field of the log is a number of renkei's own, or a word that it knows."""
    if key in LOG_NUMBERS:
        return isinstance(value, int | float)
    if key in ("code", "reason", "outcome"):
        return value in TABLE or value in CODES
    return key in LOG_WORDS and LOG_WORDS[key].fullmatch(str(value)) is not None


CODES = frozenset(
    {each.default_code for each in RenkeiError.__subclasses__()}
    | {"created", "updated", "unchanged", "failed", "unknown", "deferred", "not_selected"}
)
"""Codes of errors and outcomes beside those of the table."""


def _json(data: object, *, indent: int | None = 1) -> str:
    return json.dumps(data, ensure_ascii=False, indent=indent)
