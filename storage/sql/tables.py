"""The tables and views that people read: the SQL half of the public contract.

Every time is aware UTC. Columns are spelled as in :mod:`daycast.storage.terms.words`. A column whose ``info`` says
``volatile`` does not by itself make a row different: an upsert that would change nothing else leaves the row alone.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from daycast.storage.sql.instants import UtcDateTime

REVISION = "0007"
"""The newest migration, as the migrations name it: a database that stands there needs no migrating."""

VERSION_TABLE = "daycast_schema"
"""Where the migrations note how far they came; a name of its own, so that Prefect may share the database."""

VOLATILE: dict[Any, Any] = {"volatile": True}


class Base(DeclarativeBase):
    """The tables' metadata, with a name for every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        float: Double(),
        int: Integer(),
        str: String(),
    }


class Series(Base):
    """A series that is forecast."""

    __tablename__ = "series"

    series_id: Mapped[str] = mapped_column(primary_key=True)
    pipeline: Mapped[str] = mapped_column(index=True)
    feed: Mapped[str]
    symbol: Mapped[str]
    target: Mapped[str]
    unit: Mapped[str]
    calendar: Mapped[str]


class Run(Base):
    """A run of a pipeline as of an instant; run again, it is the same row."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'succeeded', 'degraded', 'failed', 'cancelled')", name="status"),
        Index(None, "pipeline", "as_of"),
    )

    run_id: Mapped[str] = mapped_column(primary_key=True)
    pipeline: Mapped[str]
    as_of: Mapped[datetime]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    training: Mapped[str | None]
    version: Mapped[str | None]
    message: Mapped[str | None] = mapped_column(Text)
    prefect_flow_run_id: Mapped[str | None]


class Actual(Base):
    """What a series was at an instant, as last revised."""

    __tablename__ = "actuals"

    series_id: Mapped[str] = mapped_column(ForeignKey("series.series_id"), primary_key=True)
    valid_at: Mapped[datetime] = mapped_column(primary_key=True)
    value: Mapped[float]
    available_at: Mapped[datetime]


class Forecast(Base):
    """What a series will be at an instant, said from an origin.

    That ``run_id`` is in ``runs`` is seen to by :func:`~.runs.finish_run`, in the same transaction: checked row
    by row by PostgreSQL it takes a third of an insert's time.
    """

    __tablename__ = "forecasts"
    __table_args__ = (
        CheckConstraint("lead >= 1", name="lead"),
        CheckConstraint("valid_at > origin", name="valid_at"),
        CheckConstraint("quality IN ('ok', 'baseline', 'stale')", name="quality"),
        Index(None, "series_id", "valid_at"),
        Index(None, "pipeline", "valid_at"),
    )

    series_id: Mapped[str] = mapped_column(ForeignKey("series.series_id"), primary_key=True)
    origin: Mapped[datetime] = mapped_column(primary_key=True)
    valid_at: Mapped[datetime] = mapped_column(primary_key=True)
    lead: Mapped[int]
    issued_at: Mapped[datetime] = mapped_column(info=VOLATILE)
    as_of: Mapped[datetime]
    mean: Mapped[float]
    lower_80: Mapped[float | None]
    upper_80: Mapped[float | None]
    lower_95: Mapped[float | None]
    upper_95: Mapped[float | None]
    forecaster: Mapped[str]
    pipeline: Mapped[str]
    version: Mapped[str | None]
    quality: Mapped[str]
    run_id: Mapped[str] = mapped_column(info=VOLATILE)


class Remark(Base):
    """A series that did not get from a run what its pipeline asks for: why, what it got instead, and what to do."""

    __tablename__ = "remarks"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.run_id"), primary_key=True)
    series_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    message: Mapped[str] = mapped_column(Text)


class ModelVersion(Base):
    """A version of a pipeline's network; its files lie in the registry, which of them serves is said here."""

    __tablename__ = "model_versions"
    __table_args__ = (
        CheckConstraint("stage IN ('champion', 'challenger', 'retired', 'rejected')", name="stage"),
        Index(
            "uq_model_versions_champion",
            "pipeline",
            unique=True,
            sqlite_where=text("stage = 'champion'"),
            postgresql_where=text("stage = 'champion'"),
        ),
    )

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(server_default="challenger")
    created_at: Mapped[datetime] = mapped_column(info=VOLATILE)
    as_of: Mapped[datetime]
    training: Mapped[str]
    parent_version: Mapped[str | None]
    cell: Mapped[str]
    parameters: Mapped[int] = mapped_column(BigInteger)
    data_hash: Mapped[str]
    uri: Mapped[str]
    sha256: Mapped[str]
    promoted_at: Mapped[datetime | None]


class Evaluation(Base):
    """How good a forecaster was; ``value`` is null where the metric is not defined (a MASE over a constant)."""

    __tablename__ = "evaluations"

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    forecaster: Mapped[str] = mapped_column(primary_key=True)
    series_id: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    lead: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    metric: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None]
    n: Mapped[int]
    evaluated_at: Mapped[datetime]


class Live(Base):
    """How the forecasts of the last days before a run had turned out, each on the basis on which it was made.

    What ``daycast status`` says of live skill: computed once a run, so that nobody need go through a month of them.
    """

    __tablename__ = "live_accuracy"

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]
    mae: Mapped[float | None]
    naive_mae: Mapped[float | None]
    skill: Mapped[float | None]
    coverage_80: Mapped[float | None]
    coverage_95: Mapped[float | None]
    accuracy: Mapped[float | None]
    log_loss: Mapped[float | None]


class Explanation(Base):
    """What some past steps of an input did to a forecast, on its mean over the leads; 1 is the origin's own.

    Step -1, to minus the horizon, is what was known of the leads. Step 0 of feature ``*`` is what is forecast of a
    window at its own level; all rows add up to the mean forecast.
    """

    __tablename__ = "explanations"

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    series_id: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[datetime] = mapped_column(primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step_to: Mapped[int]
    effect: Mapped[float]
    as_of: Mapped[datetime]
    version: Mapped[str]
    run_id: Mapped[str] = mapped_column(info=VOLATILE)


class DriftRow(Base):
    """How far recent values of a column, or a network's recent errors, lie from those it was trained on."""

    __tablename__ = "drift"

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    since: Mapped[datetime]
    psi: Mapped[float]
    distance: Mapped[float]
    p_value: Mapped[float]
    n: Mapped[int]
    training_n: Mapped[int]


class Label(Base):
    """What a document's label probably is, said as of an instant; ``probability`` is that of the label said."""

    __tablename__ = "labels"
    __table_args__ = (
        CheckConstraint("probability BETWEEN 0 AND 1", name="probability"),
        CheckConstraint("quality IN ('ok', 'baseline', 'stale')", name="quality"),
        Index(None, "pipeline", "as_of"),
    )

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    published_at: Mapped[datetime]
    issued_at: Mapped[datetime] = mapped_column(info=VOLATILE)
    label: Mapped[str]
    probability: Mapped[float]
    forecaster: Mapped[str]
    version: Mapped[str | None]
    quality: Mapped[str]
    run_id: Mapped[str] = mapped_column(info=VOLATILE)


class ActualLabel(Base):
    """What a document's label is, as last revised."""

    __tablename__ = "actual_labels"

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    available_at: Mapped[datetime]


class WrittenText(Base):
    """A text that a pipeline went on with, as of an instant."""

    __tablename__ = "texts"

    pipeline: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    sample: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    prompt: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    temperature: Mapped[float]
    seed: Mapped[int] = mapped_column(BigInteger)
    forecaster: Mapped[str]
    version: Mapped[str | None]
    bits_per_character: Mapped[float | None]
    run_id: Mapped[str] = mapped_column(info=VOLATILE)
