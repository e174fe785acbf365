"""The documents say what the program does: commands, options, keys, tables, queries, targets, links.

``python tests/test_docs.py`` writes the table of the pipeline file's keys anew from the docstrings.
"""

import inspect
import json
import re
import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import insert, select, text

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.feeds.catalog import FEEDS, KINDS, own_keys, pipeline_on
from daycast.storage.sql.database import Database
from daycast.storage.sql.labels import write_labels, write_texts
from daycast.storage.sql.tables import Base
from daycast.storage.sql.view_columns import VIEWS
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.cells import CELLS
from daycast.storage.terms.labels_pipeline import LabelRules, LabelsPipeline
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.rules import LiveRules, Rules, SplitSpec, TrainingRules
from daycast.storage.terms.schedule import Schedule
from daycast.storage.terms.text_model import TextModelSpec
from daycast.storage.terms.text_pipeline import Samples, TextPipeline

AS_OF = datetime(2024, 6, 8, tzinfo=UTC)
ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PIPELINES = ROOT / "docs" / "pipelines.md"
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
OF_FEEDS: dict[str, type[BaseModel]] = {
    f"On the feed `{name}`{'' if predicts == 'values' else f', of {predicts}'}": pipeline_on(name, predicts=predicts)
    for predicts, kind in KINDS.items()
    for name in kind.feeds
    if own_keys(name, predicts=predicts)
}
SECTIONS: dict[str, type[BaseModel]] = {
    "Every pipeline": AnyPipeline,
    '`predicts = "values"`': Pipeline,
    '`predicts = "labels"`': LabelsPipeline,
    '`predicts = "text"`': TextPipeline,
    **OF_FEEDS,
    "`schedule`": Schedule,
    "`model`": ModelSpec,
    "`model` of labels and text": TextModelSpec,
    "`training`": Rules,
    "`training` of values and labels": LiveRules,
    "`training` of values": TrainingRules,
    "`training` of labels": LabelRules,
    "`split`": SplitSpec,
    "`samples` of text": Samples,
}
BEGIN, END = "<!-- keys: written by tests/test_docs.py -->", "<!-- end of keys -->"


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command that does work, by its full name."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


def _app() -> dict[str, Any]:
    from typer.main import get_command

    from daycast.flows.command.cli import app

    return dict(_commands(get_command(app), "daycast"))


def _options(command: Any) -> set[str]:
    names = {name for each in command.params if each.param_type_name == "option" for name in each.opts}
    return names - {"--help"}


def _rows() -> dict[str, str]:
    """The README's table of commands: each command's row."""
    table = README.split("## Commands", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(daycast [a-z0-9_ -]*[a-z0-9])(.*)$", table, flags=re.MULTILINE)
    return dict(rows)


def test_the_readme_has_every_command_and_no_other():
    assert set(_rows()) == set(_app())


def test_every_command_has_every_option_and_no_other():
    rows = _rows()
    for name, command in _app().items():
        assert set(re.findall(r"--[a-z-]+", rows[name])) == _options(command), name


def test_every_call_of_daycast_in_the_documents_exists():
    commands = _app()
    for page in PAGES:
        for words in re.findall(r"\bdaycast ((?:[a-z][a-z0-9]* ?)+)", "\n".join(_code(page))):
            call = f"daycast {words}".strip()
            assert any(
                call == name or call.startswith(f"{name} ") or name.startswith(f"{call} ") for name in commands
            ), (
                page.name,
                call,
            )


def _code(page: Path) -> list[str]:
    """The shell's lines of a page, without comments and what was printed."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line.split("#")[0] for block in blocks for line in block.splitlines()]


def keys_table() -> str:
    """Markdown of every key, its default and what its docstring says."""
    parts = []
    for title, model in SECTIONS.items():
        meanings = _meanings(model)
        lines = [f"### {title}", "", "| key | default | meaning |", "|---|---|---|"]
        lines += [
            f"| `{alias or key}` | {_default(model, key)} | {meanings[key]}{_choices(model, key)} |"
            for key, alias in ((key, model.model_fields[key].alias) for key in _keys_of(model))
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model that no table above it has told."""
    above = [each for each in SECTIONS.values() if each is not model and issubclass(model, each)]
    told = {"name", *(key for each in above for key in each.model_fields)}
    return [key for key in model.model_fields if key not in told]


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """The lines under ``Attributes:``, each joined to one; its own go before those of what it is made from."""
    pairs: dict[str, str] = {}
    for each in reversed(model.__mro__):
        block = inspect.cleandoc(each.__doc__ or "").partition("Attributes:")[2]
        pairs |= re.findall(r"^ +(\w+): (.+?)\.?$", re.sub(r"\n {5,}", " ", block), flags=re.MULTILINE)
    return {key: meaning.replace("``", "`").replace("|", "\\|") for key, meaning in pairs.items()}


def _default(model: type[BaseModel], key: str) -> str:
    field = model.model_fields[key]
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value == {}:
        return "none"
    if isinstance(value, BaseModel):
        return "see below"
    if value is None or value == "":
        return "none"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def _choices(model: type[BaseModel], key: str) -> str:
    words = list({"feed": FEEDS, "cell": CELLS}.get(key, ())) or list(_literals(model.model_fields[key].annotation))
    return f": {', '.join(f'`{word}`' for word in dict.fromkeys(words))}" if words else ""


def _literals(annotation: object) -> Iterator[str]:
    if typing.get_origin(annotation) is typing.Literal:
        yield from typing.get_args(annotation)
    elif typing.get_origin(annotation) in {typing.Union, types.UnionType, dict}:
        for part in typing.get_args(annotation):
            yield from _literals(part)


def test_every_key_of_the_pipeline_file_is_documented_as_the_docstrings_say():
    written = PIPELINES.read_text(encoding="utf-8").split(BEGIN, 1)[1].split(END, 1)[0].strip()
    assert written == keys_table(), "run `python tests/test_docs.py`"


def test_the_examples_of_pipeline_files_are_good(tmp_path):
    load_pipelines(ROOT / "docs" / "examples" / "real.toml")
    blocks = re.findall(r"```toml\n(.*?)```", README + PIPELINES.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "one.toml").write_text(block, encoding="utf-8")
        load_pipelines(tmp_path / "one.toml")


def test_every_table_view_and_column_is_in_the_readme():
    contract = README.split("## The tables", 1)[1].split("\n## ", 1)[0]
    words = set(re.findall(r"\w+", contract))
    for table in (*Base.metadata.sorted_tables, *VIEWS.sorted_tables):
        assert f"`{table.name}`" in contract
        assert {column.name for column in table.columns} <= words, table.name


def test_every_variable_of_the_environment_is_in_the_readme():
    from daycast.storage.config.settings import Settings

    there = {f"DAYCAST_{name.upper()}" for name in Settings.model_fields}
    assert there == set(re.findall(r"DAYCAST_[A-Z_]+", README))


def test_the_targets_of_make_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8"))}
    named |= {target for page in PAGES for line in _code(page) for target in re.findall(r"\bmake ([a-z]+)", line)}
    assert {"run", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), target
            if anchor:
                assert anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_paths_named_exist():
    for page in PAGES:
        for path in re.findall(r"`((?:flows|tasks|models|storage|tests|docs)/[\w./]+\.\w+)`", page.read_text("utf-8")):
            assert (ROOT / path).exists(), (page.name, path)


@pytest.fixture
def filled(trained) -> Database:
    """A database on SQLite after two runs, so that some forecasts have met their actual values; a label and a text."""
    trained.run(training="reuse")
    database = Database.open(trained.database_url)
    write_labels(database, [LABEL])
    write_texts(database, [TEXT])
    return database


LABEL = {
    "pipeline": "reviews", "document_id": "r1", "as_of": AS_OF, "published_at": AS_OF, "issued_at": AS_OF,
    "label": "good", "probability": 0.9, "forecaster": "network", "version": "v1", "quality": "ok", "run_id": "r",
}  # fmt: skip


TEXT = {
    "pipeline": "shakespeare", "as_of": AS_OF, "sample": 1, "prompt": "ROMEO:", "text": " O", "temperature": 0.8,
    "seed": 7, "forecaster": "network", "version": "v1", "bits_per_character": 2.1, "run_id": "r",
}  # fmt: skip


def test_the_example_queries_answer_on_both_databases(filled, postgresql_url):
    queries = re.findall(r"```sql\n(.*?)```", README, flags=re.DOTALL)
    assert len(queries) == 5
    with filled, Database.open(postgresql_url) as other:
        with other.transaction() as connection:
            for table in Base.metadata.sorted_tables:
                if rows := filled.query(select(table)):
                    connection.execute(insert(table), rows)
        for query in queries:
            here, there = (database.query(text(query)) for database in (filled, other))
            assert len(here) == len(there) > 0, query
            assert list(here[0]) == list(there[0])


def main() -> None:
    """Write the table of keys anew."""
    page = PIPELINES.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN, 1)
    PIPELINES.write_text(f"{head}{BEGIN}\n\n{keys_table()}\n\n{END}{rest.split(END, 1)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
