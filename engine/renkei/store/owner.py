"""Which process writes: host, pid and start, so that a dead one is known at once."""

from __future__ import annotations

import json
import os
import socket

import psutil
from attrs import asdict, frozen


@frozen
class Owner:
    """One process of one machine; *started* is in seconds since 1970, as the system tells it."""

    host: str
    pid: int
    started: float

    @classmethod
    def me(cls) -> Owner:
        """Return this process."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    @classmethod
    def parse(cls, text: str) -> Owner:
        """Return the owner that :meth:`__str__` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.host == socket.gethostname()

    def is_dead(self) -> bool:
        """Return whether this process has certainly ended; one of another machine never has."""
        if not self.is_here:
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return True  # ended, though nobody has asked how
            return abs(process.create_time() - self.started) > 1.0
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False
