"""Which way imports run, and what starting up loads: rules by folder, so that a new module needs no word here."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("layers")  # the modules are read once
ROOT = Path(__file__).parent.parent
FLOORS = ("storage", "models", "tasks", "flows")
SMALL = ("storage.terms", "storage.config", "tasks.handover")
"""What flows may name below the tasks: importing it loads neither pandas nor SQLAlchemy."""
NETWORKS = "models.networks"
"""The room where Keras is; it is imported in the process that trains."""
NEVER = {
    "storage": {"prefect", "keras", "tensorflow"},
    "models": {"prefect", "sqlalchemy", "pyarrow"},
    "tasks": {"sqlalchemy", "pyarrow", "keras", "tensorflow"},
    "flows": {"pandas", "numpy", "keras", "tensorflow", "sqlalchemy", "pyarrow"},
}
BELOW = {
    "storage": {"storage"},
    "models": {"models", "storage"},
    "tasks": {"tasks", "models", "storage"},
    "flows": {"flows", "tasks", "storage"},
}
"""The floors that a floor may import from."""


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


PATHS = {_name(path): path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))}
ROOMS = sorted(name for name, path in PATHS.items() if path.name == "__init__.py")


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under ``if TYPE_CHECKING``, which never run."""
    for child in ast.iter_child_nodes(tree):
        if not _is_for_types(child):
            yield child
            yield from _nodes(child)


def _imports(tree: ast.AST) -> Iterator[str]:
    """Every module imported, at the top or inside a function; ``from a import b`` gives ``a.b`` where that is one.

    Of daycast's own the name without ``daycast``.
    """
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("daycast.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}".removeprefix("daycast.")
                yield whole if whole in PATHS else str(node.module).removeprefix("daycast.")


@cache
def modules() -> dict[str, ast.Module]:
    """Read by the process that runs these tests, and not by every one that collects them."""
    return {name: ast.parse(path.read_text()) for name, path in PATHS.items()}


@cache
def imports() -> dict[str, set[str]]:
    return {name: set(_imports(tree)) for name, tree in modules().items()}


def _within(name: str, *places: str) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def _floor(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _room(name: str) -> str:
    """``storage.sql`` of ``storage.sql.tables``; a module that stands on its floor is its own."""
    return ".".join(name.split(".")[:2])


def _of(place: str) -> dict[str, set[str]]:
    return {name: found for name, found in imports().items() if _within(name, place)}


def _own(found: set[str]) -> set[str]:
    return {what for what in found if _floor(what) in FLOORS}


def test_the_table_is_read_from_real_modules():
    assert {_floor(name) for name in PATHS} == set(FLOORS)
    assert "storage.lake.parquet" in imports()["storage.lake.observations"]
    assert "models.race.contest" in imports()["tasks.steps.evaluate"], "imports inside functions count"
    assert "storage.registry.store" not in imports()["flows.command.printing"], "imports for types alone do not"


def test_the_project_has_one_name():
    """``import storage`` would take whatever folder of that name stands where somebody works."""
    for name, tree in modules().items():
        for node in _nodes(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                taken = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
                assert not {_floor(str(what)) for what in taken} & set(FLOORS), name


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_imports_what_it_must_not(floor):
    found = {(name, what) for name, imports in _of(floor).items() for what in imports}
    assert not {pair for pair in found if _floor(pair[1]) in NEVER[floor]}
    assert not {pair for pair in found if _floor(pair[1]) in set(FLOORS) - BELOW[floor]}


def test_models_know_of_storage_only_its_terms():
    found = {what for imports in _of("models").values() for what in imports if _floor(what) == "storage"}
    assert found
    assert all(_within(what, "storage.terms") for what in found)


def test_terms_import_nothing_else_of_the_project():
    for name, found in _of("storage.terms").items():
        assert all(_within(what, "storage.terms") for what in _own(found)), name


def test_keras_is_imported_where_networks_are_built_and_run_and_nowhere_else():
    networks = {"keras", "tensorflow"}
    found = {name for name, taken in imports().items() if networks & {_floor(what) for what in taken}}
    assert found
    assert all(_within(name, NETWORKS) for name in found)


def test_no_step_imports_another_step():
    for name, found in _of("tasks.steps").items():
        assert not {what for what in found if _within(what, "tasks.steps")} - {name}, name


def test_what_tasks_hand_over_knows_no_step():
    for name, found in _of("tasks.handover").items():
        assert not {what for what in found if _floor(what) == "tasks" and not _within(what, "tasks.handover")}, name


def test_flows_name_nothing_of_storage_but_what_is_small():
    for name, found in _of("flows").items():
        assert all(_within(what, *SMALL) for what in found if _floor(what) == "storage"), name


def test_no_module_takes_the_private_names_of_another():
    for name, tree in modules().items():
        taken = [
            alias.name
            for node in _nodes(tree)
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("daycast.")
            for alias in node.names
            if alias.name.startswith("_")
        ]
        assert not taken, name


def _doors() -> set[tuple[str, str]]:
    """From which room to which, and between which of the modules that stand on a floor."""
    pairs = {(_room(name), _room(what)) for name, found in imports().items() for what in _own(found)}
    return {(a, b) for a, b in pairs if a != b and _floor(a) == _floor(b)}


def test_no_rooms_lead_in_a_circle():
    doors = _doors()
    left = {room for door in doors for room in door}
    while ends := {room for room in left if not any(a == room and b in left for a, b in doors)}:
        left -= ends
    assert not left


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_has_few_rooms_and_few_loose_modules(floor):
    rooms = {name for name in ROOMS if name.count(".") == 1 and _floor(name) == floor}
    loose = {name for name in PATHS if name.count(".") == 1 and _floor(name) == floor} - rooms
    assert len(rooms) <= 9
    if floor == "storage":
        assert loose == {"storage.calendars"}
    assert len(loose) <= 5


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_says_what_lives_there(room):
    said = ast.get_docstring(modules()[room])
    assert said
    if room.count(".") == 1:
        assert len(said.split(".")) > 1, room


def test_tests_mirror_the_rooms():
    """A test of a room lies in the folder of its name; those of a whole floor, on the floor."""
    folders = {_name(path.parent) for path in (ROOT / "tests").rglob("test_*.py")} - {"tests"}
    stray = {name for name in folders if name.removeprefix("tests.") not in {*ROOMS, "tests"}}
    assert not stray


def _attributes(tree: ast.AST) -> set[str]:
    return {f"{ast.unparse(node.value)}.{node.attr}" for node in _nodes(tree) if isinstance(node, ast.Attribute)}


def test_nobody_below_flows_reads_the_clock():
    clock = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "Timestamp.now"}
    for name, tree in modules().items():
        if not name.startswith("flows."):
            found = {used for used in _attributes(tree) if ".".join(used.split(".")[-2:]) in clock}
            assert not found, f"{name}: {found}"


def test_nobody_reads_the_environment_but_settings_and_flows():
    for name, tree in modules().items():
        used = _attributes(tree) & {"os.environ", "os.getenv"}
        # TensorFlow's and Keras' own switches are set, not read, in the process that trains.
        sets = len(
            re.findall(
                r"os\.environ(\.setdefault\('TF_(CPP_MIN_LOG_LEVEL|ENABLE_ONEDNN_OPTS)', |\['KERAS_BACKEND'\] = )",
                ast.unparse(tree),
            )
        )
        allowed = name.startswith("flows.") or (sets and ast.unparse(tree).count("os.environ") == sets)
        assert not used or allowed, name


@pytest.mark.parametrize("floor", FLOORS)
def test_no_package_re_exports(floor):
    for name in ROOMS:
        if _within(name, floor):
            held = {ast.unparse(node) for node in modules()[name].body if not isinstance(node, ast.Expr)}
            sets = {"import os", "os.environ['KERAS_BACKEND'] = 'tensorflow'"}
            assert held <= sets, f"{name} holds more than a docstring and what it sets for TensorFlow"


def test_no_flow_bears_the_name_of_another_module():
    """Prefect loads an entrypoint's file under its bare name, with its folder first on the path."""
    taken = set(sys.stdlib_module_names) | set(packages_distributions()) | {*FLOORS, "tests"}
    names = {name.rpartition(".")[2] for name in PATHS if name.startswith("flows.")}
    assert len(names) >= 5
    assert not names & taken


def _loaded(*code: str) -> str:
    report = "import sys; print(' '.join(sorted({'tensorflow', 'keras', 'pandas'} & set(sys.modules))) or 'none')"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*code, report])], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.splitlines()[-1]


def test_importing_every_flow_loads_neither_tensorflow_nor_pandas():
    flows = [f"daycast.{name}" for name in PATHS if name.startswith("flows.")]
    assert _loaded(f"import {', '.join(flows)}") == "none"


def test_the_check_of_what_is_loaded_can_fail():
    assert _loaded("import pandas") == "pandas"


def test_help_loads_neither_tensorflow_nor_pandas():
    assert (
        _loaded(
            "import sys; sys.argv = ['daycast', '--help']",
            "from daycast.flows.command.cli import main",
            "try: main()",
            "except SystemExit as end: assert end.code == 0",
            "assert 'prefect' not in sys.modules",
        )
        == "none"
    )
