"""No module is found in the working folder, whoever puts it on the path."""

import subprocess
import sys
from pathlib import Path

import pytest

SHUT_OUT = "import sys; from daycast.flows.running.safe_path import keep_working_folder_out as shut; shut(); shut(); "


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )  # fmt: skip


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "foreign.py").write_text("print('executed')\n")
    return tmp_path / "strange"


@pytest.mark.parametrize("entry", ["", ".", "./", "{}", "../strange", "{}/../strange"])
def test_nothing_is_found_there_by_any_of_its_names(strange: Path, entry: str) -> None:
    first = f"sys.path.insert(0, {entry.format(strange)!r}); "
    assert python(f"import sys; {first}import foreign", strange).stdout == "executed\n"
    refused = python(f"{SHUT_OUT}{first}import foreign", strange)
    assert refused.stdout == ""
    assert "ModuleNotFoundError: No module named 'foreign'" in refused.stderr


def test_nothing_is_found_in_a_folder_that_becomes_the_working_one(strange: Path) -> None:
    code = f"{SHUT_OUT}import os; os.chdir({str(strange)!r}); sys.path.insert(0, os.getcwd()); import foreign"
    assert python(code, strange.parent).stdout == ""


def test_a_child_is_told(strange: Path) -> None:
    code = "import foreign"
    child = f"import subprocess; subprocess.run([sys.executable, '-c', {code!r}])"
    assert python(f"import sys; {child}", strange).stdout == "executed\n"
    assert python(f"{SHUT_OUT}{child}", strange).stdout == ""


def test_a_working_folder_that_was_named_to_python_stays(strange: Path) -> None:
    code = f"import sys; sys.path.append({str(strange)!r}); {SHUT_OUT}import foreign"
    assert python(code, strange).stdout == "executed\n"


def test_other_folders_are_looked_into(strange: Path, tmp_path: Path) -> None:
    code = f"{SHUT_OUT}sys.path.insert(0, {str(strange)!r}); import foreign"
    assert python(code, tmp_path).stdout == "executed\n"
