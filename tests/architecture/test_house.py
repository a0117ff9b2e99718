"""The rules of the house that the import contracts cannot say."""

from __future__ import annotations

import ast
import importlib.metadata
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "rempart"
MODULES = tuple(sorted(SOURCE.rglob("*.py")))
NOT_IN_DOMAIN = {"os", "io", "socket", "time", "random", "secrets", "asyncio"}
CLOCK_CALLS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
FORBIDDEN_WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
# What each program may import of ours, at its first two levels. The contracts forbid; this allows.
ALLOWED = {
    "keeper": {"keeper", "sealing", "identity", "formats.rights_file", "formats.card", "domain", "ground"},
    "client": {"client", "wire", "ground", "sealing"},
    "portal": {"portal", "client", "wire", "ground"},
    "sealing": {"sealing", "wire", "ground"},
    "wire": {"wire"},
    "ground": {"ground"},
    "domain": {"domain"},
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = ("rempart", *path.relative_to(SOURCE).parent.parts)
            above = [".".join(parts[: len(parts) - node.level + 1])] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def _in(folder: str) -> tuple[Path, ...]:
    return tuple(path for path in MODULES if path.is_relative_to(SOURCE / folder))


def test_the_domain_imports_the_standard_library_and_stdnum_only() -> None:
    """No input, output, network, clock, chance or secret in the domain; its own modules are free."""
    wrong: list[str] = []
    for path in _in("domain"):
        tops = {name.partition(".")[0] for name in _imported(path) if not name.startswith("rempart.domain")}
        bad = {top for top in tops if top in NOT_IN_DOMAIN or (top not in sys.stdlib_module_names and top != "stdnum")}
        wrong.extend(f"{_name(path)}: {top}" for top in sorted(bad))
    assert not wrong


def test_the_domain_reads_no_clock() -> None:
    """Instants are arguments: nothing in the domain calls now() or today()."""
    calls = [
        f"{_name(path)}:{node.lineno}"
        for path in _in("domain")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS
    ]
    assert not calls


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_small_packages_import_only_what_they_may(package: str) -> None:
    """The keeper, the client and the leaves import nothing of ours beyond their list."""
    allowed = tuple(f"rempart.{name}" for name in ALLOWED[package])
    wrong = [
        f"{_name(path)}: {name}"
        for path in _in(package)
        for name in sorted(_imported(path))
        if name.startswith("rempart.") and not any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)
    ]
    assert not wrong


def test_the_door_is_one() -> None:
    """Only the guard's adapter calls `settle`, which writes what is asked; one function writes what is read."""
    callers = [_name(path) for path in MODULES if re.search(r"rempart\.settle\(", path.read_text("utf-8"))]
    assert callers == ["storage/door.py"]
    texts = [path for path in SOURCE.rglob("*") if path.suffix in {".py", ".sql"}]
    write = re.compile(r"(insert\s+into|update|copy|delete\s+from)\s+rempart\.disclosure\b", re.IGNORECASE)
    writers = sorted(_name(path) for path in texts if write.search(path.read_text("utf-8")))
    assert writers == ["storage/sql/reading.sql", "storage/sql/settle.sql"]
    readers = [_name(path) for path in MODULES if re.search(r"rempart\.disclose_reading\(", path.read_text("utf-8"))]
    assert readers == ["storage/reading.py"]


def test_there_is_no_import_cycle() -> None:
    """No module imports itself through others."""
    graph = grimp.build_graph("rempart", cache_dir=None)
    waiting = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    while ready := {module for module, needs in waiting.items() if not needs & waiting.keys()}:
        for module in ready:
            del waiting[module]
    assert not sorted(waiting)


@pytest.mark.parametrize("folder", ["src", "tests", "scripts", "docs"])
def test_nothing_is_left_for_later(folder: str) -> None:
    """What is not built is absent: no mark says that it will come."""
    here = Path(__file__)
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".sql", ".sh", ".md", ".toml"}]
    assert files
    assert not [str(path) for path in files if path != here and FORBIDDEN_WORDS.search(path.read_text("utf-8"))]


def test_files_and_functions_stay_readable() -> None:
    """No file beyond 400 lines, no function beyond 60."""
    long = [_name(path) for path in MODULES if len(path.read_text("utf-8").splitlines()) > MOST_LINES]
    for path in MODULES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                long.extend([f"{_name(path)}:{node.lineno} {node.name} {lines}"] if lines > MOST_FUNCTION_LINES else [])
    assert not long


def test_every_module_says_what_it_is() -> None:
    """Each module opens with a sentence."""
    assert not [_name(path) for path in MODULES if not ast.get_docstring(_tree(path))]


def test_every_silenced_warning_says_why() -> None:
    """`noqa` and `type: ignore` carry a code, and a reason after it."""
    good = re.compile(
        r"#\s*(noqa: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\])\s+(#|-|–)\s*\w+"
    )
    wrong: list[str] = []
    silencer = re.compile(r"#\s*(noqa|type: ignore)")
    for path in (*MODULES, *(ROOT / "tests").rglob("*.py")):
        content = path.read_text("utf-8")
        if not silencer.search(content):
            continue
        with io.StringIO(content) as text:
            comments = [token for token in tokenize.generate_tokens(text.readline) if token.type == tokenize.COMMENT]
        silencing = [item for item in comments if silencer.search(item.string)]
        places = [item.start[0] for item in silencing if not good.search(item.string)]
        wrong.extend(f"{path.relative_to(ROOT)}:{place}" for place in places)
    assert not wrong


def test_only_programs_print() -> None:
    """Nothing but the command line, its benches and migrations' environment writes on standard output."""
    prints = [
        f"{_name(path)}:{node.lineno}"
        for path in MODULES
        if path.relative_to(SOURCE).parts[0] not in {"cli", "bench"}
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not prints


def test_what_is_logged_is_a_fixed_sentence() -> None:
    """An event is a literal text or the name of one, never a text formatted with data, and has no arguments."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    wrong: list[str] = []
    for path in MODULES:
        for node in ast.walk(_tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels):
                continue
            fixed = len(node.args) == 1 and isinstance(node.args[0], ast.Constant | ast.Name)
            wrong.extend([] if fixed else [f"{_name(path)}:{node.lineno}"])
    assert not wrong


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    """A test runs, or its whole need of the machine is told absent at the end of the run."""
    forbidden = re.compile(r"mark\.(skip|skipif|xfail)\b|pytest\.(skip|xfail|importorskip)\(")
    here = Path(__file__)
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != here]
    assert not [str(path.relative_to(ROOT)) for path in tests if forbidden.search(path.read_text("utf-8"))]


# ---- extras -------------------------------------------------------------------------------------------------------

PROGRAMS = {
    "": (
        "rempart.client",
        "rempart.sealing",
        "rempart.wire",
        "rempart.domain",
        "rempart.formats.rights_file",
        "rempart.formats.noemie",
        "rempart.formats.card",
        "rempart.cli.client",
        "rempart.cli.card",
        "rempart.cli.insurer",
    ),
    "cards": ("rempart.documents.cards", "rempart.documents.symbols"),
    "keeper": ("rempart.keeper",),
    "hub": ("rempart.api", "rempart.storage"),
    "worker": ("rempart.worker", "rempart.documents", "rempart.formats"),
    "portal": ("rempart.portal", "rempart.bootstrap.portal", "rempart.cli.portal"),
    "sim": ("rempart.simulation",),
}
_BLOCKER = """
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in BLOCKED:
            raise ModuleNotFoundError(f'{name} is not of this extra', name=name)
        return None

BLOCKED = set(sys.argv[1].split(','))
sys.meta_path.insert(0, Blocked())
for root in sys.argv[2].split(','):
    package = importlib.import_module(root)
    for found in pkgutil.walk_packages(getattr(package, '__path__', []), root + '.'):
        if '.migrations' not in found.name and found.name not in sys.argv[3].split(','):
            importlib.import_module(found.name)
"""
# Imported by the program only where its own extra is installed: (extra under test → modules it leaves alone).
OTHER_EXTRAS = {"keeper": ("rempart.keeper.pkcs11",), "worker": ("rempart.documents.symbols",)}


def _requirement_name(text: str) -> str:
    return re.split(r"[\s<>=!~;\[]", text, maxsplit=1)[0].lower().replace("_", "-")


@cache
def _declared() -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return tuple(project["dependencies"]), {
        key: tuple(value) for key, value in project["optional-dependencies"].items()
    }


def _distributions(requirements: tuple[str, ...]) -> set[str]:
    """Every distribution that these requirements bring, their own included, as installed here."""
    _, extras = _declared()
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = list(requirements)
    while waiting:
        text = waiting.pop()
        name = _requirement_name(text)
        if name == "rempart":
            waiting.extend(item for extra in _extras(text) for item in extras[extra])
        elif (name, text) not in seen:
            seen.add((name, text))
            found.add(name)
            waiting.extend(_needs_of(name, _extras(text)))
    return found


def _extras(text: str) -> tuple[str, ...]:
    """The extras a requirement asks for: `binary` and `pool` of `psycopg[binary,pool]>=3`."""
    asked = re.match(r"[\w.-]+\s*\[([^\]]*)\]", text)
    return tuple(extra.strip() for extra in asked[1].split(",")) if asked else ()


def _needs_of(name: str, extras: tuple[str, ...]) -> list[str]:
    """What a distribution needs, with what its extras bring."""
    try:
        needs = importlib.metadata.requires(name) or ()
        wanted = {f"extra == {quote}{extra}{quote}" for extra in extras for quote in "'\""}
        return [need for need in needs if "extra ==" not in need or any(mark in need for mark in wanted)]
    except importlib.metadata.PackageNotFoundError:
        return []  # for another platform


@pytest.mark.parametrize("extra", sorted(PROGRAMS))
def test_each_program_needs_its_own_extra_only(extra: str) -> None:
    """With every distribution of other extras out of reach, all modules of the program still import."""
    base, extras = _declared()
    mine = _distributions((*base, *extras[extra])) if extra else _distributions(base)
    others = {name for names in importlib.metadata.packages_distributions().values() for name in names}
    foreign = {name for name in others if name.lower().replace("_", "-") not in mine | {"rempart", "setuptools", "pip"}}
    owners = importlib.metadata.packages_distributions()
    blocked = {module for module, names in owners.items() if set(names) <= foreign}
    blocked -= {name for name in blocked if name in sys.stdlib_module_names}
    blocked.add("no_such_module")
    command = [sys.executable, "-c", _BLOCKER, ",".join(sorted(blocked)), ",".join(PROGRAMS[extra])]
    command.append(",".join(OTHER_EXTRAS.get(extra, ())))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]


# ---- what the project carries -----------------------------------------------------------------------------------


def test_the_lock_has_hashes_and_no_address() -> None:
    """Every locked package has a hash; no line tells where it was downloaded from."""
    lock = (ROOT / "requirements" / "lock.txt").read_text("utf-8")
    packages = re.findall(r"^[a-z0-9][^\n]*==", lock, re.MULTILINE)
    assert len(packages) > 50
    assert len(re.findall(r"==[^\n]* \\\n    --hash=sha256:", lock)) == len(packages)
    assert not re.search(r"https?://|--index|--find-links|file:", lock)


def test_the_lock_covers_what_the_project_declares() -> None:
    """A dependency that is declared is locked."""
    base, extras = _declared()
    locked = set(
        re.findall(r"^([a-z0-9][a-z0-9.-]*)==", (ROOT / "requirements" / "lock.txt").read_text("utf-8"), re.MULTILINE)
    )
    wanted = {_requirement_name(text) for group in (base, *extras.values()) for text in group} - {"rempart"}
    assert not sorted(wanted - locked)


def test_what_runs_in_production_is_free_of_strong_copyleft() -> None:
    """No runtime dependency is under the GPL or AGPL (the LGPL of a database driver is fine)."""
    base, extras = _declared()
    wrong: list[str] = []
    for name in sorted(_distributions((*base, *extras["sim"], *extras["keeper-pkcs11"]))):
        try:
            metadata = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform
        said = " ".join([metadata.get("License-Expression") or "", *(metadata.get_all("Classifier") or ())])
        dual = "Lesser" in said or "LGPL" in said or "Artistic" in said  # weak, or the licensee's choice
        if re.search(r"\bA?GPL|General Public License", said) and not dual:
            wrong.append(f"{name}: {metadata.get('License-Expression')}")
    assert not wrong
