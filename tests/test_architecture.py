"""The arrows of the layout, held by parsing the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "ttwire": ROOT / "sink" / "ttwire",
    "ttsink": ROOT / "sink" / "ttsink",
    "ttview": ROOT / "viewer" / "ttview",
}
MAY_IMPORT = {"ttwire": {"ttwire"}, "ttsink": {"ttwire", "ttsink"}, "ttview": {"ttwire", "ttview"}}
WIRE_LIBRARIES = {"msgspec", "re2"} | set(sys.stdlib_module_names)
NO_IO = {"asyncio", "socket", "aiohttp", "prompt_toolkit", "sqlite3", "subprocess"}


def modules(package: str) -> list[Path]:
    return sorted(PACKAGES[package].rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_no_arrow_points_the_wrong_way(package: str) -> None:
    forbidden = set(PACKAGES) - MAY_IMPORT[package]

    wrong = {
        str(path.relative_to(ROOT)): crossing
        for path in modules(package)
        if (crossing := imported(path) & forbidden)
    }

    assert wrong == {}


def test_the_contract_imports_only_the_standard_library_msgspec_and_re2() -> None:
    wrong = {
        path.name: extra
        for path in modules("ttwire")
        if (extra := imported(path) - WIRE_LIBRARIES - {"ttwire"})
    }

    assert wrong == {}


def test_the_contract_does_no_io() -> None:
    names = [f"ttwire.{path.stem}" for path in modules("ttwire") if path.stem != "__init__"]
    program = f"import sys, {', '.join(names)}; print(*sorted(set(sys.modules) & {NO_IO!r}))"

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "sink")},
    )

    assert done.stdout.strip() == ""


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_no_module_outgrows_its_name(package: str) -> None:
    """Past 400 lines a module holds more than its name says."""
    long = {
        path.name: lines
        for path in modules(package)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }

    assert long == {}
