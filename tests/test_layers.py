"""Which way imports run, and what starting up loads."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("storage", "models", "tasks", "flows")
PURE = {
    *{"storage.addresses", "storage.contracts", "storage.errors", "storage.frozen"},
    *{"storage.model_spec", "storage.schedule", "storage.specs"},
}
SMALL = {*PURE, "storage.pipelines", "storage.settings", "storage.handover", "storage.job"}
"""What flows may name of storage: importing them loads neither pandas nor SQLAlchemy."""
NETWORKS = {
    *{"models.networks", "models.levels", "models.segments", "models.recurrence", "models.parts"},
    *{
        "models.ridge",
        "models.recurrent",
        "models.recurrent_loops",
        "models.fitting",
        "models.members",
        "models.forecaster",
    },
}
"""Where Keras is; they are imported in the process that trains."""
NEVER = {
    "storage": {"models", "tasks", "flows", "prefect", "keras", "tensorflow"},
    "models": {"tasks", "flows", "prefect", "sqlalchemy", "pyarrow"},
    "tasks": {"flows", "sqlalchemy", "pyarrow", "keras", "tensorflow"},
    "flows": {"models", "pandas", "numpy", "keras", "tensorflow", "sqlalchemy", "pyarrow"},
}


def _modules() -> dict[str, ast.Module]:
    paths = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text()) for path in paths}


MODULES = _modules()


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under ``if TYPE_CHECKING``, which never run."""
    for child in ast.iter_child_nodes(tree):
        if not _is_for_types(child):
            yield child
            yield from _nodes(child)


def _imports(tree: ast.AST) -> Iterator[str]:
    """Every module imported, at the top or inside a function; ``from a import b`` gives ``a.b`` where that is one."""
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


IMPORTS = {name: set(_imports(tree)) for name, tree in MODULES.items()}


def _of(floor: str) -> dict[str, set[str]]:
    return {name: found for name, found in IMPORTS.items() if name.split(".")[0] == floor}


def test_the_table_is_read_from_real_modules():
    assert {name.split(".")[0] for name in MODULES} == set(FLOORS)
    assert "storage.lake" in IMPORTS["storage.observations"]
    assert "models.contest" in IMPORTS["tasks.evaluate"], "imports inside functions count"
    assert "storage.registry" not in IMPORTS["flows.printing"], "imports for types alone do not"


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_imports_what_it_must_not(floor):
    wrong = {(name, what) for name, found in _of(floor).items() for what in found if what.split(".")[0] in NEVER[floor]}
    assert not wrong


def test_models_know_of_storage_only_pure_names():
    found = {what for imports in _of("models").values() for what in imports if what.split(".")[0] == "storage"}
    assert found <= PURE


def test_pure_names_import_nothing_of_the_project_but_each_other():
    for name in PURE:
        assert {what for what in IMPORTS[name] if what.split(".")[0] in FLOORS} <= PURE


def test_keras_is_imported_where_networks_are_built_and_run_and_nowhere_else():
    networks = {"keras", "tensorflow"}
    assert {name for name, found in IMPORTS.items() if networks & {what.split(".")[0] for what in found}} == NETWORKS


def test_no_task_imports_another_task():
    for name, found in _of("tasks").items():
        assert not {what for what in found if what.split(".")[0] == "tasks"} - {name}, name


def test_flows_name_nothing_of_storage_but_what_is_small():
    found = {what for imports in _of("flows").values() for what in imports if what.split(".")[0] == "storage"}
    assert found <= SMALL


def test_no_flow_takes_the_private_names_of_another():
    for name, tree in MODULES.items():
        if name.startswith("flows."):
            taken = [
                alias.name
                for node in _nodes(tree)
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("flows.", "tasks.", "storage."))
                for alias in node.names
                if alias.name.startswith("_")
            ]
            assert not taken, name


def _attributes(tree: ast.AST) -> set[str]:
    return {f"{ast.unparse(node.value)}.{node.attr}" for node in _nodes(tree) if isinstance(node, ast.Attribute)}


def test_nobody_below_flows_reads_the_clock():
    clock = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "Timestamp.now"}
    for name, tree in MODULES.items():
        if not name.startswith("flows."):
            found = {used for used in _attributes(tree) if ".".join(used.split(".")[-2:]) in clock}
            assert not found, f"{name}: {found}"


def test_nobody_reads_the_environment_but_settings_and_flows():
    for name, tree in MODULES.items():
        used = _attributes(tree) & {"os.environ", "os.getenv"}
        # TensorFlow's own switches are set, not read, in the process that trains.
        sets = len(
            re.findall(r"os\.environ\.setdefault\('TF_(CPP_MIN_LOG_LEVEL|ENABLE_ONEDNN_OPTS)', ", ast.unparse(tree))
        )
        allowed = name.startswith("flows.") or (sets and ast.unparse(tree).count("os.environ") == sets)
        assert not used or allowed, name


@pytest.mark.parametrize("floor", FLOORS)
def test_no_package_re_exports(floor):
    for name, tree in MODULES.items():
        if name.startswith(floor) and name.endswith("__init__"):
            held = {ast.unparse(node) for node in tree.body if not isinstance(node, ast.Expr)}
            assert held <= {"import os"}, f"{name} holds more than a docstring and what it sets for TensorFlow"


def test_no_flow_bears_the_name_of_another_module():
    """Prefect loads an entrypoint's file under its bare name, with its folder first on the path."""
    taken = set(sys.stdlib_module_names) | set(packages_distributions()) | {*FLOORS, "tests"}
    names = {name.removeprefix("flows.") for name in MODULES if name.startswith("flows.")} - {"__init__"}
    assert len(names) >= 5
    assert not names & taken


def _loaded(*code: str) -> str:
    report = "import sys; print(' '.join(sorted({'tensorflow', 'keras', 'pandas'} & set(sys.modules))) or 'none')"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*code, report])], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.splitlines()[-1]


def test_importing_every_flow_loads_neither_tensorflow_nor_pandas():
    flows = [name for name in MODULES if name.startswith("flows.") and not name.endswith("__init__")]
    assert _loaded(f"import {', '.join(flows)}") == "none"


def test_the_check_of_what_is_loaded_can_fail():
    assert _loaded("import pandas") == "pandas"


def test_help_loads_neither_tensorflow_nor_pandas():
    assert (
        _loaded(
            "import sys; sys.argv = ['daycast', '--help']",
            "from flows.cli import main",
            "try: main()",
            "except SystemExit as end: assert end.code == 0",
            "assert 'prefect' not in sys.modules",
        )
        == "none"
    )
