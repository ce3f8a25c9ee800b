"""SmartHR as the sandbox plays it."""

from renkei_sandbox.smarthr.switches import SmartHRSwitches
from renkei_sandbox.smarthr.system import SmartHR

__all__ = ["SmartHR", "SmartHRSwitches"]
