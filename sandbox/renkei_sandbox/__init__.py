"""SmartHR and Touch On Time on loopback, with invented people, for demos and tests."""

from renkei_sandbox.box import Sandbox
from renkei_sandbox.clock import Clock
from renkei_sandbox.faults import Fault
from renkei_sandbox.journal import Entry
from renkei_sandbox.smarthr import SmartHR, SmartHRSwitches
from renkei_sandbox.touchontime import TouchOnTime, TouchOnTimeSwitches

__all__ = [
    "Clock",
    "Entry",
    "Fault",
    "Sandbox",
    "SmartHR",
    "SmartHRSwitches",
    "TouchOnTime",
    "TouchOnTimeSwitches",
]
