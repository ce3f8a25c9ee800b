"""Touch On Time (KING OF TIME) as the sandbox plays it."""

from renkei_sandbox.touchontime.switches import TouchOnTimeSwitches
from renkei_sandbox.touchontime.system import TouchOnTime

__all__ = ["TouchOnTime", "TouchOnTimeSwitches"]
