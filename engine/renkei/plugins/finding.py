"""Finds connectors and extensions by their entry points, builds them, and looks at their hooks.

Pluggy checks names and arguments of hooks; that a required one is missing is told here. A connector
that cannot be used fails with an error that names it; the other connections still work.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import pluggy

from renkei.errors import ConfigurationError, RenkeiError
from renkei.hookspecs import REQUIRED, WRITES, ConnectorSpec
from renkei.http.connection import Connection
from renkei.plugins.contract import hide_in_error
from renkei.words.i18n import _

CONNECTORS = "renkei.connectors"
EXTENSIONS = "renkei.extensions"

Factory = Callable[[Connection], object]
"""What an entry point names: a class, or a function, that builds a connector for one connection."""


class _Manager(pluggy.PluginManager):
    """Looks for hooks among public names only: most of what a connector has are others."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """Return the options of the hook *name*; no hook begins with an underscore."""
        return None if name.startswith("_") else super().parse_hookimpl_opts(plugin, name)

    def parse_hookspec_opts(
        self, specs: ModuleType | type, name: str
    ) -> pluggy.HookspecOpts | None:
        """Return the same of the specification *name*."""
        return None if name.startswith("_") else super().parse_hookspec_opts(specs, name)


@cache
def found(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of *group*; looked up once, since every installed package is read."""
    return tuple(sorted(entry_points(group=group), key=lambda entry: entry.name))


def load_extensions(register: Callable[..., None]) -> None:
    """Let every extension add its transforms: an extension is a function that takes *register*."""
    for entry in found(EXTENSIONS):
        try:
            entry.load()(register)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - an extension may raise anything
            raise ConfigurationError(
                _("Extension {name} cannot be loaded ({kind}). Repair or uninstall it.").format(
                    name=entry.name, kind=type(error).__name__
                ),
                where=entry.name,
            ) from None


def plug(connection: Connection) -> pluggy.PluginManager:
    """Return a manager of its own for *connection*, with the connector built and registered."""
    connector = connection.connector
    try:
        plugin = _built(entry(connector).load(), connection)
    except RenkeiError as error:
        hide_in_error(error, connection.token.hidden_in)
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of somebody else, which may even exit
        raise unusable(connector, type(error).__name__) from None
    # In a shared one the connectors of other connections would answer, too.
    manager = _Manager("renkei")
    manager.add_hookspecs(ConnectorSpec)
    try:
        manager.register(plugin, name=connection.name)
    except KeyboardInterrupt:
        raise
    except pluggy.PluginValidationError as error:  # the lines before its last quote the code
        raise unusable(connector, str(error).splitlines()[-1]) from None
    except BaseException as error:  # noqa: BLE001 - it looks at all that the connector has
        raise unusable(connector, type(error).__name__) from None
    # Pluggy's own words for this hold what the connector says of itself.
    unknown = [name for name, hook in vars(manager.hook).items() if not hook.has_spec()]
    if unknown:
        raise unusable(connector, f"unknown hook {', '.join(sorted(unknown))}")
    if missing := _missing(manager):
        raise unusable(connector, _("it lacks {hooks}").format(hooks=", ".join(missing)))
    return manager


def _built(factory: Callable[[Connection], object], connection: Connection) -> object:
    """Return the connector of *connection*; one that stumbles may have been given odd options."""
    try:
        return factory(connection)
    except RenkeiError:
        raise
    except Exception as error:
        if not connection.options:
            raise
        # What the error says is not told: it may quote a value, and a value may be a secret.
        message = _(
            "{name}: the connector {connector} stumbles over its options ({options}): {kind}."
            " Compare them with its documentation; if they are right, repair the connector."
        )
        options = ", ".join(sorted(map(str, connection.options)))
        told = message.format(
            name=connection.name,
            connector=connection.connector,
            options=options,
            kind=type(error).__name__,
        )
        raise ConfigurationError(told, where=connection.name) from None


def _missing(manager: pluggy.PluginManager) -> list[str]:
    """Return the hooks without which the connector is of no use; one write alone is half a one."""
    required = [hook for hook in REQUIRED if not implements(manager, hook)]
    writes = [hook for hook in WRITES if not implements(manager, hook)]
    half = len(writes) == 1 and not implements(manager, "write_many")
    return required + (writes if half else [])


def entry(connector: str) -> EntryPoint:
    """Return the entry point of *connector*; raises ConfigurationError unless there is one."""
    entries = [each for each in found(CONNECTORS) if each.name == connector]
    if len(entries) == 1:
        return entries[0]
    if entries:
        message = _("Connector {name} is installed {count} times. Uninstall all but one.")
        raise ConfigurationError(
            message.format(name=connector, count=len(entries)), where=connector
        )
    installed = {each.name for each in found(CONNECTORS)}
    names = ", ".join(sorted(installed))
    message = _("There is no connector {name}. Installed: {names}.")
    raise ConfigurationError(message.format(name=connector, names=names or "-"), where=connector)


def unusable(connector: str, what: str) -> ConfigurationError:
    """Return the error that says why *connector* cannot be used."""
    message = _("Connector {name} cannot be used: {what}. Repair or uninstall it.")
    return ConfigurationError(message.format(name=connector, what=what), where=connector)


def implements(manager: pluggy.PluginManager, hook: str) -> bool:
    """Return whether the connector of *manager* has *hook*."""
    return bool(getattr(manager.hook, hook).get_hookimpls())


def takes(manager: pluggy.PluginManager, hook: str, argument: str) -> bool:
    """Return whether the connector's *hook* asks for *argument*."""
    implementations = getattr(manager.hook, hook).get_hookimpls()
    return any(argument in each.argnames for each in implementations)
