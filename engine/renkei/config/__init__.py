"""
The configuration file: read whole, every mistake told with its place.

A name is imported when it is asked for: a command that only needs to know which companies there
are does not wait for all that a connection consists of.
"""

from typing import TYPE_CHECKING

from renkei.lazily import names_of

if TYPE_CHECKING:
    from renkei.config.clock import clock_for as clock_for
    from renkei.config.heads import Heads as Heads
    from renkei.config.load import load_config as load_config
    from renkei.config.load import load_main as load_main
    from renkei.config.load import parse_config as parse_config
    from renkei.config.main import MOST_DAYS as MOST_DAYS
    from renkei.config.main import Company as Company
    from renkei.config.main import DashboardSettings as DashboardSettings
    from renkei.config.main import Main as Main
    from renkei.config.network import network_of as network_of
    from renkei.config.options import located as located
    from renkei.config.records import Config as Config
    from renkei.config.records import ConnectionConfig as ConnectionConfig
    from renkei.config.records import MappingUse as MappingUse
    from renkei.config.records import OAuth2 as OAuth2
    from renkei.config.records import Settings as Settings
    from renkei.config.secrets import resolve_secret as resolve_secret

__getattr__ = names_of(
    __name__,
    {
        "clock": ("clock_for",),
        "heads": ("Heads",),
        "load": ("load_config", "load_main", "parse_config"),
        "main": ("MOST_DAYS", "Company", "DashboardSettings", "Main"),
        "network": ("network_of",),
        "options": ("located",),
        "records": ("Config", "ConnectionConfig", "MappingUse", "OAuth2", "Settings"),
        "secrets": ("resolve_secret",),
    },
)
