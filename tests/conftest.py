"""Databases for the tests: SQLite in a file, and a real PostgreSQL server started for the session.

And which tests one process runs, of those that run side by side.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import curl_cffi  # noqa: F401 — before any test loads TensorFlow, whose own libcurl would take its place
import pytest
from hypothesis import settings

from daycast.storage.sql.database import Database
from tests.postgres import new_database, postgresql

pytest_plugins = ["tests.places", "tests.installs"]
settings.register_profile("beside other work", deadline=None)  # by the clock, an example can take any time
settings.load_profile("beside other work")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, in one process, the tests that share what is dear to start or to make.

    One Prefect server and one trained place serve all that speak to it, one PostgreSQL all that need no more, and what
    a module makes once is made once.
    """
    for item in items:
        if isinstance(item, pytest.Function) and (group := _group(item)):
            item.add_marker(pytest.mark.xdist_group(group))


_SERVED = {"flows": "flows", "server": "operators", "command": "operators"}
"""Which tests share a Prefect server, by their folder: with one for all, the last minutes were one process's."""
_OF_DOCUMENTS = {"test_feeding", "test_generate", "test_kill_documents", "test_labels", "test_text", "test_text_steps"}
"""Those that share another, by their module."""


def _group(item: pytest.Function) -> str | None:
    """What a test shares; what is slow shares it with what is slow, so that nothing quick waits behind it."""
    slow = " of what is slow" if item.get_closest_marker("slow") else ""
    if "prefect_server" in item.fixturenames:
        served = "documents" if item.path.stem in _OF_DOCUMENTS else _SERVED.get(item.path.parent.name, "steps")
        return f"prefect of {served}{slow}"
    chosen = {str(each) for each in item.callspec.params.values()} if hasattr(item, "callspec") else ()
    if "postgresql_server" in item.fixturenames or "postgresql" in chosen:
        return f"postgresql{slow}"
    made = item._fixtureinfo.name2fixturedefs
    if any(made[name][-1].scope == "module" for name in item.fixturenames if name in made):
        return f"{item.path.stem}{slow}"
    return None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server's ``postgresql://`` URL, of its maintenance database; one server a test session."""
    with postgresql() as server:
        yield server.get_uri()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, empty."""
    with new_database(postgresql_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite database of the test's own, not there yet."""
    return f"sqlite:///{tmp_path / 'database' / 'daycast.sqlite'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs on SQLite, then on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "daycast.sqlite"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[str]:
    """The name of a PostgreSQL database at the newest schema, to be copied."""
    with new_database(postgresql_server, name="migrated") as url:
        Database.open(url).close()
        yield "migrated"


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The URL of a SQLite database of the test's own, at the newest schema."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'migrated.sqlite')}"


@pytest.fixture
def migrated_postgresql_url(migrated_postgresql: str, postgresql_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, at the newest schema."""
    with new_database(postgresql_server, template=migrated_postgresql) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An open database at the newest schema, on SQLite, then on PostgreSQL."""
    with Database.open(request.getfixturevalue(f"migrated_{request.param}_url")) as database:
        yield database
