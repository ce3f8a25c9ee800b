"""The configuration file: read whole, every mistake told with its place."""

from renkei.config.clock import clock_for
from renkei.config.heads import Heads
from renkei.config.load import load_config, load_main, parse_config
from renkei.config.main import MOST_DAYS, Company, DashboardSettings, Main
from renkei.config.network import network_of
from renkei.config.options import located
from renkei.config.records import Config, ConnectionConfig, MappingUse, OAuth2, Settings
from renkei.config.secrets import resolve_secret
from renkei.config.store import DASHBOARD, dashboard_at, dashboard_of

__all__ = [
    "DASHBOARD",
    "MOST_DAYS",
    "Company",
    "Config",
    "ConnectionConfig",
    "DashboardSettings",
    "Heads",
    "Main",
    "MappingUse",
    "OAuth2",
    "Settings",
    "clock_for",
    "dashboard_at",
    "dashboard_of",
    "load_config",
    "load_main",
    "located",
    "network_of",
    "parse_config",
    "resolve_secret",
]
