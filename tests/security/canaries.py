"""Canaries: values that cannot be mistaken, flown through the whole test suite.

Some people of every sandbox carry them, and so do its tokens. At the end of the run a scanner has
looked at all that the suite produced: standard error and arguments of commands, log records, texts
of errors, addresses that the sandbox was asked for, files left behind. A canary in a place where it
does not belong fails the run, however green its tests are.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast
from urllib.parse import quote

import pytest
from attrs import define, field

from renkei.errors import RenkeiError
from renkei_runner import language
from renkei_sandbox import Sandbox
from renkei_sandbox.messages import Answer, Request
from renkei_sandbox.people import populate
from renkei_sandbox.system import System

# Written backwards, so that the files of the checkout hold no canary.
NAME = "鸚鵺"[::-1]
KANA = "ムウオエヌ"[::-1]
WORD = "xzq7rnk"[::-1]
BIRTH = "11-30-9191"[::-1]
NUMBER = "13778899"[::-1]

PERSONAL = {"name": NAME, "kana": KANA, "mail or address": WORD, "birth date": BIRTH}
TOKENS = {f"token of {name}": f"sandbox-{name}-token" for name in ("smarthr", "touchontime")}
CANARIES = {**PERSONAL, "number": NUMBER, **TOKENS}

EVERYTHING = frozenset(CANARIES)
SHOWN = EVERYTHING - TOKENS.keys()
"""What a person may see who asks for it: all but the tokens."""

ALIKE, ONLY_SMARTHR, ONLY_TOUCHONTIME, RENUMBERED = "0002", "0004", "0006", "0014"
MARRIED = "0008"

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", "site-packages"}
FILES_FOR_VALUES = (".db", ".db-journal", ".backup", ".csv", ".html")
"""The store, and what somebody asked to be written."""


def forms(text: str) -> Iterator[bytes]:
    """Yield *text* as bytes the way it may hide: plain, percent, backslash-u and base64."""
    raw = text.encode()
    yield raw
    for escaped in (quote(text), json.dumps(text)[1:-1]):
        yield escaped.encode()
        yield escaped.lower().encode()
        yield escaped.upper().replace("\\U", "\\u").encode()
    for shift in range(3):  # what the whole characters of base64 look like depends on the place
        inner = slice(-(-8 * shift // 6), 8 * (shift + len(raw)) // 6)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * shift + raw + b"\0\0")[inner]


FORMS = {name: tuple(dict.fromkeys(forms(text))) for name, text in CANARIES.items()}
_BORN = dt.date.fromisoformat(BIRTH)
FORMS["birth date"] += (repr(_BORN).encode(), f"{_BORN:%Y/%m/%d}".encode())


def found(content: str | bytes) -> set[str]:
    """Return which canaries are in *content*, in whatever form."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return {name for name, each in FORMS.items() if any(form in raw for form in each)}


@define
class Watch:
    """What the scanner has seen where it does not belong; *outputs* are still being written."""

    leaks: set[str] = field(factory=set)
    outputs: list[Output] = field(factory=list)
    since: float = field(factory=time.time)

    def look(
        self, where: str, content: str | bytes, belongs: Collection[str] = (), test: str = ""
    ) -> None:
        """Note every canary in *content* but those that belong *where* it is."""
        if leaked := found(content) - set(belongs):
            test = test or os.environ.get("PYTEST_CURRENT_TEST", "-")
            self.leaks.add(f"{', '.join(sorted(leaked))} in {where} [{test}]")

    def look_into(self, folder: Path) -> None:
        """Look at every file below *folder* that was written since the run began."""
        for place, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name not in NOT_OURS]
            for name in names:
                path = Path(place, name)
                with suppress(OSError):
                    if path.is_file() and path.lstat().st_mtime >= self.since:
                        self.look(f"the file {path}", path.read_bytes(), belongs_in(path))

    def finish(self) -> None:
        """Look at what was written to standard error."""
        for output in self.outputs:
            self.look("standard error", "".join(output.parts), {"number"}, output.test)
        self.outputs.clear()


def belongs_in(path: Path) -> Collection[str]:
    """Return which canaries may be in a file."""
    if path.name.endswith(FILES_FOR_VALUES):
        return SHOWN
    return TOKENS if "token" in path.name else ()


class Output:
    """A stream that remembers what is written to it, and passes everything on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.parts: list[str] = []
        self.test = os.environ.get("PYTEST_CURRENT_TEST", "-")

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        self.parts.append(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


# -- into the suite ------------------------------------------------------------------------------


def put_canaries(smarthr: System, touchontime: System) -> None:
    """Give some ordinary people of both systems values that cannot be mistaken."""
    for number in (ALIKE, ONLY_SMARTHR, ONLY_TOUCHONTIME, MARRIED, RENUMBERED):
        mail = f"{WORD}.{number}@example.jp"
        for person in smarthr.find(number):
            person.update(
                last_name=f"{NAME}院", first_name=f"{NAME}乃", last_name_yomi=KANA,
                first_name_yomi=KANA, birth_at=BIRTH, email=mail,
                address={**person["address"], "street": f"{WORD}町1-2-3"},
            )  # fmt: skip
        for person in touchontime.find(number):
            family = f"{NAME}寺" if number == MARRIED else f"{NAME}院"
            person.update(
                lastName=family, firstName=f"{NAME}乃", lastNamePhonetics=KANA,
                firstNamePhonetics=KANA, birthDate=BIRTH, emailAddresses=[mail],
            )  # fmt: skip
    for system in (smarthr, touchontime):
        for person in system.find(RENUMBERED):
            person[system.number_field] = NUMBER


def watch_suite(watch: Watch, patch: pytest.MonkeyPatch) -> None:
    """Let the canaries into every sandbox, and *watch* look at what passes by."""
    watch_sandboxes(watch, patch)
    watch_commands(watch, patch)
    fail, cleanup = RenkeiError.__init__, tempfile.TemporaryDirectory.cleanup

    def failed(self: RenkeiError, message: str, **more: Any) -> None:
        fail(self, message, **more)
        watch.look("the text of an error", message, {"number"})

    def cleaned(self: tempfile.TemporaryDirectory[str]) -> None:
        if Path(self.name).name.startswith("renkei"):
            watch.look_into(Path(self.name))
        cleanup(self)

    patch.setattr(RenkeiError, "__init__", failed)
    patch.setattr(tempfile.TemporaryDirectory, "cleanup", cleaned)


def watch_sandboxes(watch: Watch, patch: pytest.MonkeyPatch) -> None:
    """Put canaries among the people, and look at every address that renkei asks for."""
    respond = Sandbox._respond

    def populated(smarthr: Any, touchontime: Any, people: int, seed: int) -> Any:
        cases = populate(smarthr, touchontime, people, seed)
        put_canaries(smarthr, touchontime)
        return cases

    async def responded(self: Sandbox, request: Request) -> tuple[Answer, Any]:
        if request.headers.get("user-agent") == "renkei":  # the tests ask for what they like
            watch.look("an address", request.target, {"number"})
        return await respond(self, request)

    patch.setattr("renkei_sandbox.box.populate", populated)
    patch.setattr(Sandbox, "_respond", responded)


def watch_commands(watch: Watch, patch: pytest.MonkeyPatch) -> None:
    """Look at arguments and output of processes, and at standard error of commands in this one."""
    start, communicate = subprocess.Popen.__init__, subprocess.Popen.communicate
    speak = language.speak

    def started(self: Any, args: Any, *rest: Any, **more: Any) -> None:
        words = [args] if isinstance(args, str | bytes | Path) else args
        watch.look("the arguments of a command", " ".join(map(str, words)), {"number"})
        start(self, args, *rest, **more)

    def communicated(self: Any, *rest: Any, **more: Any) -> Any:
        out, err = communicate(self, *rest, **more)
        watch.look("standard output of a process", out or "", SHOWN)
        watch.look("standard error of a process", err or "", {"number"})
        return out, err

    def spoken(code: str) -> None:  # the first thing that a command does
        if not isinstance(sys.stderr, Output):
            output = Output(sys.stderr)
            watch.outputs.append(output)
            sys.stderr = cast("TextIO", output)
        speak(code)

    patch.setattr(subprocess.Popen, "__init__", started)
    patch.setattr(subprocess.Popen, "communicate", communicated)
    patch.setattr(language, "speak", spoken)


# -- pytest --------------------------------------------------------------------------------------

WATCH = pytest.StashKey[Watch]()
PATCH = pytest.StashKey[pytest.MonkeyPatch]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch; every library logs all it can."""
    config.option.log_level = config.option.log_level or "DEBUG"
    config.stash[WATCH], config.stash[PATCH] = Watch(), pytest.MonkeyPatch()
    watch_suite(config.stash[WATCH], config.stash[PATCH])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave everything as it was."""
    config.stash[PATCH].undo()


class Reports:
    """Looks at what pytest has captured of each test, in the process that ran it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at log records and standard error."""
        if report.passed and not hasattr(report, "node"):
            self._watch.look("a log record", report.caplog, test=report.nodeid)
            self._watch.look("captured standard error", report.capstderr, test=report.nodeid)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look at reports from now on."""
    session.config.pluginmanager.register(Reports(session.config.stash[WATCH]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look at the files left behind; a worker tells its leaks, who is in charge judges."""
    config, watch = session.config, session.config.stash[WATCH]
    watch.finish()
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None and factory._basetemp is not None:
        watch.look_into(factory._basetemp)
    if (output := getattr(config, "workeroutput", None)) is not None:
        output["leaks"] = sorted(watch.leaks)
        return
    watch.look_into(ROOT)
    for folder in Path(tempfile.gettempdir()).glob("renkei*"):
        watch.look_into(folder)
    if watch.leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect what a worker has seen."""
    output = getattr(node, "workeroutput", None) or {}
    node.config.stash[WATCH].leaks.update(output.get("leaks", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell every leak."""
    if leaks := terminalreporter.config.stash[WATCH].leaks:
        terminalreporter.section("canaries where they do not belong", red=True)
        terminalreporter.write_line("\n".join(sorted(leaks)))
