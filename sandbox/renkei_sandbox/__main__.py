"""Serve the sandbox: python -m renkei_sandbox."""

from renkei_sandbox.command import sandbox

if __name__ == "__main__":
    sandbox()
