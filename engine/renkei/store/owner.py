"""Which process is at work, and whether it still lives, as far as this one can know.

Two processes of one boot of one machine can look at each other if they share a PID namespace, and
share a clock that nothing sets if they share a time namespace. Neither alone tells a machine: the
numbers of namespaces are used again, and a machine's id may be that of an image. Whatever cannot be
proved is told by time: an owner gives a sign of life every RENEW_S seconds and counts as dead after
LIFETIME_S without. The signs of an owner with another clock are not compared with ours; they are
watched until they have stood still for as long.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from attrs import asdict, evolve, frozen

RENEW_S = 5.0
"""How often an owner gives a sign of life, in seconds."""

LIFETIME_S = 20.0
"""After this many seconds without a sign of life an owner is dead, wherever it runs."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@frozen
class Owner:
    """
    One process; *started* is when it began, in whatever its system counts from.

    *boot* names one boot of one machine, *pids* and *clock* the namespaces of its processes and of
    its clock; empty where they are not known, as in what renkei 0.1.0 wrote.
    """

    host: str
    pid: int
    started: float
    boot: str = ""
    pids: str = ""
    clock: str = ""

    @classmethod
    def me(cls) -> Owner:
        """Return this process."""
        return _myself(os.getpid())

    @classmethod
    def parse(cls, text: str) -> Owner:
        """Return the owner that :meth:`__str__` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    @property
    def is_here(self) -> bool:
        """Whether this process can see it."""
        # all: two machines that tell nothing of themselves look alike
        place = (_boot(), _namespace("pid"))
        return all(place) and (self.boot, self.pids) == place

    @property
    def shares_clock(self) -> bool:
        """Whether its signs of life are of the clock of this process."""
        place = (_boot(), _namespace("time"))
        return all(place) and (self.boot, self.clock) == place

    def is_dead(self) -> bool:
        """Return whether this process has certainly ended; one that cannot be seen never has."""
        if not self.is_here:
            return False
        import psutil  # most lists and reports never have to look

        try:
            if psutil.Process(self.pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return True  # ended, though nobody has asked how
            # A second of slack: where a clock tells the start, the time service may correct it.
            return abs(_started(self.pid) - self.started) > 1.0
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


@cache
def _myself(pid: int) -> Owner:
    """Return the process *pid*, which is this one: a fork of it is another."""
    return Owner(
        host=socket.gethostname(),
        pid=pid,
        started=_started(pid),
        boot=_boot(),
        pids=_namespace("pid"),
        clock=_namespace("time"),
    )


@frozen
class Watched:
    """
    A sign of life, since when this process has seen it, and whether one was there before it.

    *looked* is when it was looked at last.
    """

    beat: float
    since: float
    lives: bool
    looked: float


_watched: dict[str, Watched] = {}
"""By place; who was looked at last is the last one."""
_watching = threading.Lock()
FORGET_S = 3_600.0
"""
A server lives for months: an owner not looked at for this long is watched from the start. It is no
number of owners: a thousand whose turns come one after another would never be found dead.
"""


def beat() -> float:
    """Return a sign of life: this moment in seconds, on a clock that nothing sets."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def silent_s(owner: Owner, last: float, place: str) -> float:
    """
    Return for how many seconds *owner*, who is not certainly dead, has certainly given no sign.

    *last* is its newest sign. That of another clock counts from when this process saw it first at
    *place*, which names what is watched.
    """
    now = time.monotonic()
    with _watching:
        seen = _watched.pop(place, None)
        if seen is None or seen.beat != last:
            seen = Watched(last, now, lives=seen is not None, looked=now)
        _watched[place] = evolve(seen, looked=now)  # at the end: it was popped above
        _forget_unwatched(now)
    return abs(beat() - last) if owner.shares_clock else now - seen.since


def _forget_unwatched(now: float) -> None:
    """Forget those whom nobody has looked at for long: they stand first."""
    while True:
        first = next(iter(_watched))
        if _watched[first].looked >= now - FORGET_S:
            return
        del _watched[first]


def is_alive(owner: Owner, last: float, place: str) -> bool:
    """Return whether *owner*, whose newest sign of life is *last*, may still be at work."""
    silent = silent_s(owner, last, place)
    return silent < LIFETIME_S and not owner.is_dead()  # in this order: signs cost less


def known_in_s(owner: Owner, last: float, place: str) -> float | None:
    """
    Return in how many seconds it is known whether *owner*, who may be at work, is.

    None: it is known already. It gave a sign of life while it was watched, or it can be seen here
    and its next one is not overdue.
    """
    silent = silent_s(owner, last, place)
    if _watched[place].lives or (owner.is_here and silent < 2 * RENEW_S):
        return None
    return LIFETIME_S - silent


def _started(pid: int) -> float:
    """Return when a process began: in ticks since the boot, or as the system tells it."""
    import psutil

    if not sys.platform.startswith("linux"):
        return psutil.Process(pid).create_time()
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise psutil.NoSuchProcess(pid) from None
    after_name = text.rpartition(")")[2].split()  # the name may hold anything
    return float(after_name[19]) / os.sysconf("SC_CLK_TCK")


@cache
def _boot() -> str:
    """Return what names this boot of this machine, or nothing."""
    if sys.platform == "darwin":
        command = ("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid")
        return _or_nothing(lambda: subprocess.check_output(command, text=True).strip())  # noqa: S603
    return _or_nothing(lambda: _BOOT_ID.read_text(encoding="ascii").strip())


def _namespace(kind: str) -> str:
    """Return what names the namespace of this process, or nothing; macOS has one of each."""
    if sys.platform == "darwin":
        return "only"
    return _or_nothing(lambda: str(Path(f"/proc/self/ns/{kind}").readlink()))


def _or_nothing(find: Callable[[], str]) -> str:
    try:
        return find()
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
