"""The way out: the proxy and the authorities that the configuration names."""

from __future__ import annotations

import os
from pathlib import Path

from renkei.config.checks import DIRECT, path_of
from renkei.config.main import DashboardSettings
from renkei.config.notify import Notify
from renkei.config.records import ConnectionConfig
from renkei.errors import ConfigurationError
from renkei.http.network import Network, proxy_mistake
from renkei.words.i18n import _


def network_of(settings: ConnectionConfig | DashboardSettings | Notify, base: Path) -> Network:
    """Return the way out; ConfigurationError if the proxy is kept where there is none."""
    proxy, ca_file = settings.proxy, settings.ca_file
    if proxy is not None and proxy.startswith("env:"):
        proxy = _proxy_from_environment(proxy.removeprefix("env:"))
    return Network(
        proxy=None if proxy == DIRECT else proxy,
        ca_file=None if ca_file is None else path_of(ca_file, base),
    )


def _proxy_from_environment(name: str) -> str:
    address = os.environ.get(name)
    if address is None:
        message = _("The environment variable {name} is not set. Set it to the proxy's address.")
        mistake = message.format(name=name)
    else:
        wrong = None if address == DIRECT else proxy_mistake(address)
        if wrong is None:
            return address
        mistake = f"{name}: {wrong}"
    raise ConfigurationError(mistake, code="proxy", where=f"env:{name}")
