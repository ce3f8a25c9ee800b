"""A worker on a computer of its own, as far as its processes can tell; BOOT names that."""

from __future__ import annotations

import importlib
import os
import sys

from renkei.store import owner

if "BOOT" in os.environ:
    owner._boot = lambda: os.environ["BOOT"]  # type: ignore[assignment]

if __name__ == "__main__":
    from renkei_runner import forks
    from renkei_runner.main import main

    forks.WARM = "tests.e2e.elsewhere"
    sys.argv[0] = "renkei"
    main()
elif "forkserver" in " ".join(sys.orig_argv):
    importlib.import_module("renkei_runner.warm")
