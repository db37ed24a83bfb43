"""There are no import cycles between files or folders, including type imports."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in (ROOT / "emulator").rglob("*.py")
}
ROOMS = sorted(name for name, file in MODULES.items() if file.name == "__init__.py")


def imported(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module


ARROWS = {module: set(imported(module)) for module in MODULES}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return a cycle of a graph, empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def between_parts(room: str) -> dict[str, set[str]]:
    """Return the imports between the files and subfolders of a folder."""

    def part(module: str) -> str:
        return module.removeprefix(f"{room}.").partition(".")[0]

    inside = {module for module in MODULES if module.startswith(f"{room}.")}
    graph: dict[str, set[str]] = {part(module): set() for module in inside}
    for module in inside:
        graph[part(module)] |= {part(other) for other in ARROWS[module] & inside}
    return {name: others - {name} for name, others in graph.items()}


def test_files_have_no_import_cycle():
    assert ARROWS["emulator.assembly"] > {"emulator.aws", "emulator.runtime.environments"}
    assert circle(ARROWS) == []


@pytest.mark.parametrize("room", ROOMS)
def test_files_and_subfolders_of_a_folder_have_no_import_cycle(room):
    assert circle(between_parts(room)) == []


def test_a_cycle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "c", "b", "a"]
