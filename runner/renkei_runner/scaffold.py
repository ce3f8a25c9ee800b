"""Writes the package of a new connector from the templates beside this module."""

from __future__ import annotations

import builtins
import keyword
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from renkei.errors import UsageError
from renkei.words.i18n import _

if TYPE_CHECKING:
    from jinja2 import Environment

Style = Literal["rest", "readonly", "file"]
Pages = Literal["offset", "cursor", "link"]
STYLES: tuple[Style, ...] = get_args(Style)
PAGES: tuple[Pages, ...] = get_args(Pages)

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PARTS = re.compile(r"(?:^|/)rows_\w+\.j2$")
"""Templates that others include."""


def written(name: str, style: Style, pages: Pages, folder: Path) -> list[Path]:
    """
    Write a package for connector *name* into *folder*, which is made; return the files.

    Raises UsageError for a name that cannot be one or is taken, and for a folder that holds
    anything.
    """
    _check_name(name)
    is_empty_folder = folder.is_dir() and not any(folder.iterdir())
    if folder.exists() and not is_empty_folder:
        message = _("{path} exists already; it is left as it is.").format(path=folder)
        raise UsageError(message, code="exists", where=str(folder))
    made = []
    try:
        for path, text in _rendered(name, style, pages).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            made.append(file)
    except OSError as problem:
        message = _("{path} cannot be written: {why}.").format(path=folder, why=problem.strerror)
        raise UsageError(message, where=str(folder)) from None
    return made


def _check_name(name: str) -> None:
    """Raise UsageError unless a connector, and its package, can have this name."""
    from renkei.plugins import finding

    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        message = _("{name} is no name for a connector: use small letters, digits and _.")
        raise UsageError(message.format(name=name), code="name", where=name)
    installed = {entry.name for entry in finding.found(finding.CONNECTORS)}
    if name in installed or find_spec(f"renkei_{name}") is not None:
        message = _("{name} is taken: it is installed already. Choose another name.")
        raise UsageError(message.format(name=name), code="name", where=name)


def _class(name: str) -> str:
    """Return what the class is called: as the connector, unless a template means something else."""
    cls = name.title().replace("_", "")
    sources = Path(__file__).with_name("templates").rglob("*.j2")
    meant: set[str] = set()
    for each in sources:
        meant.update(re.findall(r"\w+", each.read_text("utf-8")))
    taken = cls in meant or keyword.iskeyword(cls) or hasattr(builtins, cls)
    return f"{cls}Connector" if taken else cls


def _rendered(name: str, style: Style, pages: Pages) -> dict[str, str]:
    """Return the text of every file by its path; what a style has goes before what all have."""
    words = {
        "name": name,
        "package": f"renkei_{name}",
        "distribution": f"renkei-{name.replace('_', '-')}",
        "title": name.replace("_", " ").title(),
        "cls": _class(name),
        "pages": pages,
        "style": style,
        "writes": style != "readonly",
    }
    templates = _templates()
    texts = {}
    for room in ("common", "file" if style == "file" else "rest"):
        for each in templates.list_templates():
            if not each.startswith(f"{room}/") or _PARTS.search(each):
                continue
            path = each.removeprefix(f"{room}/").removesuffix(".j2").replace("NAME", name)
            path = re.sub(r"^package/", f"{words['package']}/", path)
            texts[path] = templates.get_template(each).render(words)
    return texts


def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("renkei_runner", "templates/connector"),
        autoescape=False,  # noqa: S701 - programs and settings, no web page
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
