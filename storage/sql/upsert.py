"""Many rows into a table at once: inserted, or brought up to date where they differ.

PostgreSQL takes the rows by ``COPY`` into a temporary table and from there in one statement; SQLite takes them one by
one from a prepared statement. Both say the same: ``INSERT … ON CONFLICT (key) DO UPDATE … WHERE`` something differs.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Connection, Double, MetaData, Table, and_, bindparam, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from daycast.storage.sql.instants import UtcDateTime
from daycast.storage.sql.tables import Base
from daycast.storage.terms.errors import DatabaseError

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, list[Any]]
"""Values by column, all lists of one length."""


def upsert_rows(
    connection: Connection,
    table: type[Base],
    rows: "Sequence[Mapping[str, object]] | pd.DataFrame",
    *,
    unless_older: str | None = None,
) -> int:
    """Insert rows, or bring those of the same key up to date; see :meth:`daycast.storage.sql.database.Database.upsert`.

    Returns:
        How many rows were inserted or changed.

    Raises:
        DatabaseError: a column is not of the table, a key column is missing, or a key stands twice.
    """
    target = table.metadata.tables[table.__tablename__]
    columns = _columns(rows)
    if not columns:
        return 0
    _check(target, columns)
    _check_types(target, columns)
    write = _write_postgresql if connection.dialect.name == "postgresql" else _write_sqlite
    return write(connection, target, columns, unless_older)


def _columns(rows: "Sequence[Mapping[str, object]] | pd.DataFrame") -> Columns:
    if isinstance(rows, Sequence):
        if not rows:
            return {}
        names = list(rows[0])
        if any(row.keys() != rows[0].keys() for row in rows):
            raise DatabaseError(f"Rows with the same columns are required. Received: some without, or beyond, {names}.")
        return {name: [_plain(row[name]) for row in rows] for name in names}
    if rows.empty:
        return {}
    return {str(name): _plain_column(rows[name]) for name in rows.columns}


def _plain_column(series: "pd.Series[Any]") -> list[Any]:
    """A frame's column as Python's own values, null for what is missing."""
    missing = series.isna()
    values = series.dt.to_pydatetime() if series.dtype.kind == "M" else series
    objects = values.astype(object)
    return (objects.where(~missing, None) if missing.any() else objects).tolist()  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    """A value as Python's own, null for what is missing."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or type(value).__name__ == "NAType" or value != value:  # noqa: PLR0124 — so do NaN and NaT
        return None
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def _check(target: Table, columns: Columns) -> None:
    unknown = columns.keys() - target.columns.keys()
    keys = [column.name for column in target.primary_key]
    if unknown or not columns.keys() >= set(keys):
        raise DatabaseError(
            f"Columns of {target.name}, its key {keys} among them, are required. Received: {list(columns)}."
        )
    found = list(zip(*(columns[key] for key in keys), strict=True))
    if len(set(found)) != len(found):
        seen: set[tuple[Any, ...]] = set()
        twice = next(key for key in found if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise DatabaseError(f"Each key of {target.name} may stand once in what is written. Received twice: {twice}.")


def _check_types(target: Table, columns: Columns) -> None:
    """Refuse what SQLite would store in any column as it comes."""
    for name, values in columns.items():
        kind = target.columns[name].type
        wanted = {datetime} if isinstance(kind, UtcDateTime) else {kind.python_type}
        found = set(map(type, values)) - wanted - {type(None)} - ({int} if isinstance(kind, Double) else set())
        if found:
            raise DatabaseError(
                f"Values of the column {target.name}.{name} must be {wanted.pop().__name__}. "
                f"Received: {', '.join(sorted(kind.__name__ for kind in found))}."
            )


def _on_conflict(statement: Any, target: Table, names: Sequence[str], unless_older: str | None) -> Any:
    """Add what happens where a row of the same key stands."""
    keys = [column.name for column in target.primary_key]
    changing = [name for name in names if name not in keys]
    telling = [name for name in changing if not target.columns[name].info.get("volatile")]
    if not telling:
        return statement.on_conflict_do_nothing(index_elements=keys)
    new = statement.excluded
    differs: ColumnElement[bool] = or_(*(target.columns[name].is_distinct_from(new[name]) for name in telling))
    if unless_older is not None:
        differs = and_(differs, target.columns[unless_older] <= new[unless_older])
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: new[name] for name in changing}, where=differs
    )


def _write_postgresql(connection: Connection, target: Table, columns: Columns, unless_older: str | None) -> int:
    names = list(columns)
    staged = Table(
        f"staged_{target.name}",
        MetaData(),
        *(Column(name, target.columns[name].type) for name in names),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    staged.create(connection, checkfirst=False)
    _copy(connection, staged, columns)
    insert = postgresql.insert(target).from_select(names, select(*staged.columns))
    statement = _on_conflict(insert, target, names, unless_older).execution_options(preserve_rowcount=True)
    written = connection.execute(statement).rowcount
    staged.drop(connection, checkfirst=False)
    return written


def _copy(connection: Connection, staged: Table, columns: Columns) -> None:
    """Send the rows by the driver's ``COPY``, of which SQLAlchemy knows nothing: its errors are made SQLAlchemy's."""
    import psycopg

    encoded = [_encode(values, _words(_encoder(connection, staged.columns[name]))) for name, values in columns.items()]
    quote = connection.dialect.identifier_preparer
    into = f"{quote.format_table(staged)} ({', '.join(map(quote.format_column, staged.columns))})"
    driver = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:  # type: ignore[union-attr]
            for row in zip(*encoded, strict=True):
                copy.write_row(row)
    except psycopg.Error as error:
        gone = bool(driver.closed)  # type: ignore[union-attr]
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            "COPY", None, error, psycopg.Error, hide_parameters=True, connection_invalidated=gone,
            dialect=connection.dialect,
        ) from error  # fmt: skip


def _write_sqlite(connection: Connection, target: Table, columns: Columns, unless_older: str | None) -> int:
    names = list(columns)
    insert = sqlite.insert(target).values({name: bindparam(name) for name in names})
    compiled = _on_conflict(insert, target, names, unless_older).compile(dialect=connection.dialect)
    encoded = {name: _encode(columns[name], _encoder(connection, target.columns[name])) for name in names}
    rows = list(zip(*(encoded[name] for name in compiled.positiontup), strict=True))
    return connection.exec_driver_sql(str(compiled), rows).rowcount


def _encoder(connection: Connection, column: Column[Any]) -> Callable[[Any], Any] | None:
    return column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)


def _words(encoder: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    """The encoder whose values are text: times go three times as fast so, written once where they repeat."""
    return encoder and (lambda value: None if value is None else str(encoder(value)))


def _encode(values: list[Any], encoder: Callable[[Any], Any] | None) -> list[Any]:
    """Encode each distinct value once where values repeat, as forecasts share their names and times."""
    if encoder is None:
        return values
    if len(distinct := set(values)) > len(values) // 2:
        return [encoder(value) for value in values]
    once = {value: encoder(value) for value in distinct}
    return [once[value] for value in values]
