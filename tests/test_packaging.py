"""The distribution: what is in it, that it works outside the checkout, what is locked."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = [
    Path(folder) for folder in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
]
NAMES = [folder.name for folder in PACKAGES]
SHIPPED = {
    *(".css", ".html", ".j2", ".js", ".json", ".mako", ".md", ".mo", ".po", ".py", ".svg"),
    *(".typed", ".yaml"),
}

# Written so that this file holds none of what they find.
MACHINE_PATH = re.compile(rb"(?<![\w.~}-])/(?:home|root|work|tmp|Users)/[\w.]")
REGISTRY_HOST = re.compile(rb"(?:pypi|pythonhosted|npmjs|debian)[.](?:org|com)")
LOCK_LINE = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)( ; [\w.' =<>!()-]+)? \\"
    r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
)


def canonical(requirement: str) -> str:
    """Return the name in a requirement, spelt the way locks spell it."""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def run(command: Sequence[str | Path], *, cwd: Path) -> str:
    """Run a command in a clean environment and return what it printed."""
    drop = ("PYTHON", "RENKEI_", "UV_", "VIRTUAL_ENV")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(drop)}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def build(folder: Path, *options: str) -> Path:
    """Build with the locked back end, without a network; return the wheel."""
    run(
        [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", folder, ROOT],
        cwd=folder,
    )
    return next(folder.glob("*.whl"))


def modules() -> Iterator[Path]:
    """Yield every Python file that is shipped."""
    for folder in PACKAGES:
        yield from sorted((ROOT / folder).rglob("*.py"))


def pins(lock: str) -> Mapping[str, str]:
    """Return the versions in a lock file, having checked the form of every line."""
    versions = {}
    for number, line in enumerate((ROOT / "requirements" / lock).read_text("utf-8").splitlines()):
        found = LOCK_LINE.fullmatch(line)
        assert found, f"{lock}:{number + 1}: not a pinned version or its hash: {line}"
        if found["name"]:
            versions[found["name"]] = found["version"]
    return versions


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel the way a release does: from the sdist, not from the checkout."""
    return build(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel where nothing leads back to the checkout; return the bin folder."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    uv = [sys.executable, "-m", "uv", "--no-config", "--offline", "--no-cache"]
    run([*uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel], cwd=place)
    # The libraries come from our own environment. A .pth inside a folder that a .pth adds is not
    # read, so the editable renkei in there stays out of sight.
    site = Path(
        run([python, "-c", "import site; print(site.getsitepackages()[0])"], cwd=place).strip()
    )
    (site / "libraries.pth").write_text(sysconfig.get_path("platlib") + "\n", "utf-8")
    return place / "bin"


@pytest.mark.security(52)
def test_a_wheel_from_the_sdist_is_the_wheel_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """The sdist misses nothing, and two builds of one state are the same to the byte."""
    other = build(tmp_path, "--wheel")
    assert zipfile.ZipFile(other).namelist() == zipfile.ZipFile(wheel).namelist()
    assert other.read_bytes() == wheel.read_bytes()


@pytest.mark.security(52)
def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    """A wheel puts only our packages into site-packages, with all their files, data included."""
    metadata = f"renkei-{PROJECT['project']['version']}.dist-info"
    files = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    shipped = {name for name in files if name.parts[0] != metadata}
    expected = {
        file.relative_to(ROOT / folder.parent)
        for folder in PACKAGES
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert shipped == expected
    assert {file.suffix for file in shipped} <= SHIPPED
    assert {Path(name, "py.typed") for name in NAMES} <= shipped
    assert Path(metadata, "licenses", "LICENSE") in files


def test_check_wheel_contents_has_no_complaint(wheel: Path) -> None:
    """A tool that knows the usual mistakes in wheels finds none."""
    config = ROOT / "pyproject.toml"
    run([sys.executable, "-m", "check_wheel_contents", "--config", config, wheel], cwd=wheel.parent)


@pytest.mark.long
def test_an_installed_wheel_is_imported_from_where_it_was_installed(
    installed: Path, tmp_path: Path
) -> None:
    """All packages are importable outside the checkout."""
    code = (
        "import importlib, sys; [print(importlib.import_module(n).__file__) for n in sys.argv[1:]]"
    )
    printed = run([installed / "python", "-c", code, *NAMES], cwd=tmp_path).splitlines()
    assert len(printed) == len(NAMES)
    assert all(Path(line).is_relative_to(installed.parent) for line in printed)


def test_an_installed_wheel_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    """`renkei --help` and `renkei connectors` work and find the connectors that came along."""
    assert "connectors" in run([installed / "renkei", "--help"], cwd=tmp_path)
    listed = run([installed / "renkei", "connectors"], cwd=tmp_path)
    for name in PROJECT["project"]["entry-points"]["renkei.connectors"]:
        assert name in listed


def test_every_connector_folder_is_packaged_and_registered() -> None:
    """A folder under connectors/ cannot be forgotten in pyproject.toml."""
    folders = {
        folder.name
        for folder in (ROOT / "connectors").iterdir()
        if folder.is_dir() and not folder.name.startswith((".", "_"))
    }
    packaged = {
        folder.parts[1]: folder.name for folder in PACKAGES if folder.parts[0] == "connectors"
    }
    registered = PROJECT["project"]["entry-points"]["renkei.connectors"]
    assert set(packaged) == folders
    assert {name: place.split(".")[0] for name, place in registered.items()} == packaged


def test_the_lists_of_packages_agree() -> None:
    """The tools are told about the same packages as the wheel."""
    tool = PROJECT["tool"]
    here = "$MYPY_CONFIG_FILE_DIR"
    assert tool["check-wheel-contents"]["toplevel"] == NAMES
    assert tool["importlinter"]["root_packages"] == NAMES
    assert tool["coverage"]["run"]["source_pkgs"] == NAMES
    assert tool["mypy"]["mypy_path"] == [*(f"{here}/{folder.parent}" for folder in PACKAGES), here]
    rooms = list(dict.fromkeys(folder.parts[0] for folder in PACKAGES))
    assert tool["mypy"]["files"] == [*rooms, "bench", "tests"]
    for folder in PACKAGES:
        assert (ROOT / folder / "__init__.py").is_file(), folder


def test_the_installed_entry_points_are_those_of_pyproject() -> None:
    """A changed entry point is seen only after another `make setup`."""
    for group, declared in PROJECT["project"]["entry-points"].items():
        ours = {
            entry.name: entry.value
            for entry in entry_points(group=group)
            if entry.dist and entry.dist.name == "renkei"
        }
        assert ours == declared, f"{group}: run `make setup`"


def test_shipped_code_imports_declared_dependencies_only() -> None:
    """What works here thanks to a development tool would fail for those who install renkei."""
    extras = PROJECT["project"].get("optional-dependencies", {}).values()
    declared = {
        canonical(requirement)
        for group in (PROJECT["project"]["dependencies"], *extras)
        for requirement in group
    }
    distributions = packages_distributions()
    known = {*sys.stdlib_module_names, *NAMES}
    for file in modules():
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported = [node.module]
            else:
                continue
            for top in {name.split(".")[0] for name in imported} - known:
                offers = {canonical(name) for name in distributions.get(top, ())}
                assert offers & declared, f"{file}:{node.lineno}: {top} is no declared dependency"


@pytest.mark.security(49)
def test_the_locks_hold_every_dependency() -> None:
    """The locks pin what pyproject.toml asks for, and the same versions of it."""
    core, everything = pins("core.txt"), pins("dev.txt")
    runtime = {canonical(name) for name in PROJECT["project"]["dependencies"]}
    development = {canonical(name) for name in PROJECT["dependency-groups"]["dev"]}
    assert runtime <= set(core), "run `make lock`"
    assert runtime | development <= set(everything), "run `make lock`"
    assert core.items() <= everything.items(), "run `make lock`"
    service = pins("service.txt")
    assert core.items() <= service.items() <= everything.items(), "run `make lock`"


@pytest.mark.parametrize("lock", ["core.txt", "service.txt", "dev.txt"])
def test_the_locks_name_no_address(lock: str) -> None:
    """A lock works with any index: hashes, not addresses, say what is meant."""
    assert "://" not in (ROOT / "requirements" / lock).read_text("utf-8")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows its files")
def test_no_file_names_a_machine_or_a_registry() -> None:
    """What works on one machine only, or tells where it was made, is not for the repository."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = run([*git, "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    files = [ROOT / name for name in listed.split("\0") if name]
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{file.relative_to(ROOT)}: {match[0].decode()}"
        for file in files
        if file.is_file()
        for pattern in (MACHINE_PATH, REGISTRY_HOST)
        for match in pattern.finditer(file.read_bytes())
    ]
    assert not found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "see /{}/somebody/renkei".format("home")),
        (MACHINE_PATH, "file:///{}/x".format("tmp")),
        (REGISTRY_HOST, "https://files.{}.org/".format("pythonhosted")),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[bytes], text: str) -> None:
    """A pattern that finds nothing would guard nothing."""
    assert pattern.search(text.encode())


IMPORT = re.compile(r"^ *from (renkei[\w.]*) import ([\w, ]+)$", re.MULTILINE)


def test_what_a_script_inside_a_test_imports_is_there() -> None:
    """Some are run in `make test-long` only, and nothing else reads them."""
    gone = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
            for module, names in IMPORT.findall(node.value):
                home = import_module(module)
                gone += [(path.name, name) for name in names.split(", ") if not hasattr(home, name)]
    assert gone == []
