"""A warm process without threads and sockets that forks one child for each job.

It is started by :mod:`tests.reliability.harness.killer`, which also explains a job. A function that
`RENKEI_BUG=module.function` names in the environment may spoil renkei first, for all children.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, NoReturn

import pytest
from tests.first_file import share
from tests.pair import DIRECTIONS, NEW, NOON
from tests.reliability.harness.patience import patient
from tests.reliability.harness.points import Armed, Points
from tests.reliability.harness.site import Site

import renkei.check
import renkei.http.deadline
import renkei.logs
import renkei.plugins.facade
import renkei.runs
import renkei.systems
import renkei_runner.cli
import renkei_runner.failures
import renkei_runner.fetch
import renkei_runner.main
import renkei_runner.progress
import renkei_runner.reports
import renkei_runner.run
import renkei_runner.sync
from renkei.clock import Clock
from renkei.http import retry
from renkei_sandbox import Sandbox

JOB_BYTES = 64 * 1024

LOOK_S = 0.0001
"""How long it takes to look at the clock where nothing else takes time."""


def serve(parent: socket.socket) -> None:
    """Fork for every job, tell how a child ended for every question, until the parent goes."""
    _warm_up()
    if bug := os.environ.get("RENKEI_BUG"):
        module, _, function = bug.rpartition(".")
        getattr(importlib.import_module(module), function)()
    parent.sendall(b"ready\n")
    while True:
        text, descriptors, *_ = socket.recv_fds(parent, JOB_BYTES, 1)
        if not text:
            return
        job = json.loads(text)
        if "wait" in job:
            _, status = os.waitpid(job["wait"], 0)
            parent.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            continue
        child = os.fork()
        if child == 0:
            parent.close()
            _be_the_command(job, socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])
        parent.sendall(f"{child}\n".encode())


def _warm_up() -> None:
    """Fill every cache that the first command of a process fills."""
    renkei.http.deadline._certificates()
    share()
    importlib.import_module("psycopg")
    with (
        TemporaryDirectory() as folder,
        Path(os.devnull).open("w") as nothing,
        redirect_stdout(nothing),
        redirect_stderr(nothing),
    ):
        config = str(Path(folder) / "renkei.yaml")
        for words in (["init", folder], ["mapping", "check", "smarthr-touchontime"], ["reports"]):
            code = renkei_runner.main.run(["--config", config, *words])
            assert code == 0, words
        _walk_through(Path(folder))
    assert threading.active_count() == 1, "a fork would have one thread only"
    gc.freeze()


def _walk_through(folder: Path) -> None:
    """Fetch and sync in both directions: a fork finds modules and statements as they were left."""
    with Sandbox(people=10, seed=1, now=NOON) as box, pytest.MonkeyPatch.context() as patch:
        site = Site(box, folder, None, "smarthr", "touchontime")  # type: ignore[arg-type]
        site.configure()
        patch.chdir(folder)
        for name, value in site._environment().items():
            patch.setenv(name, value)
        for run, (source, target) in zip("12", DIRECTIONS, strict=True):
            everybody = ("--difference", "new,changed,same", "--look-first", *NEW[target])
            for words in (
                ("fetch", source, target),
                ("sync", run, *everybody),
                ("resume", run, "--output", "json"),
                ("report", run),
            ):
                code = renkei_runner.main.run(words)
                assert code == 0, words


def _be_the_command(job: dict[str, Any], control: socket.socket) -> NoReturn:
    """Run the commands of *job* as their process would, and tell what each of them leaves."""
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        random.seed()
        os.chdir(job["folder"])
        os.environ.update(job["environment"])
        _hurry(job["retry_s"])
        if job["timeless"]:
            _stand_still()
        vars(renkei.systems)["Timeouts"] = patient
        for name, value in job["settings"].items():
            module, _, attribute = name.rpartition(".")
            found = importlib.import_module(module)
            getattr(found, attribute)  # one that is gone must not be set in vain
            setattr(found, attribute, value)
        armed = [Armed(**{**each, "error": tuple(each["error"])}) for each in job["armed"]]
        Points(control, tuple(armed)).install()
        for words in job["commands"]:
            code = _run(words, control)
    finally:
        os._exit(code)  # no exit handler of the parent may run twice


def _run(words: Sequence[str], control: socket.socket) -> int:
    with TemporaryFile() as out, TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
        for number, stream in enumerate((nothing, out, err)):
            os.dup2(stream.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, encoding="utf-8", closefd=False)
            for number, mode in enumerate("rww")
        )
        code = renkei_runner.main.run(list(words))
        sys.stdout.flush()
        sys.stderr.flush()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
        control.sendall(b"end\t" + json.dumps([code, *texts]).encode() + b"\n")
        control.recv(1)
    return code


def _hurry(retry_s: float) -> None:
    """Give up on a system that is out of reach in a moment, after some tries."""
    retry.RetryBudget.__init__.__defaults__ = (retry_s,)
    retry.ceiling_s.__kwdefaults__ = {"initial_s": 0.01, "cap_s": 0.01}


def _stand_still() -> None:
    """
    Let the clock go on only where renkei waits, and there at once.

    How long a look was, or whether a create in doubt is late enough, is told by that clock. What a
    lease goes by is another one. Each look at it takes a moment, or nobody would think it of any
    use to send a second request before the first one is answered.
    """
    passed_s = 0.0
    lock = threading.Lock()

    def monotonic(_clock: Clock) -> float:
        nonlocal passed_s
        with lock:
            passed_s += LOOK_S
            return passed_s

    def sleep(_clock: Clock, seconds: float) -> None:
        nonlocal passed_s
        with lock:
            passed_s += max(0.0, seconds)
        time.sleep(0.001)  # somebody else may be waited for

    Clock.monotonic = monotonic  # type: ignore[assignment, method-assign]
    Clock.sleep = sleep  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
