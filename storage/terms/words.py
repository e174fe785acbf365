"""The one place where columns, keys and the words of the public contract are spelled.

Pure names: nothing here imports a library, so that every floor may use it. The checks that hold a frame against
these names are in :mod:`daycast.storage.intake.frames`.
"""

from typing import Literal, get_args

# --- identity and time --------------------------------------------------------------------------------------
PIPELINE = "pipeline"
SYMBOL = "symbol"
SERIES_ID = "series_id"
AS_OF = "as_of"
OBSERVED_AT = "observed_at"
AVAILABLE_AT = "available_at"
FETCHED_AT = "fetched_at"
SAID_AT = "said_at"
"""What a feed gave as ``available_at`` of what it says ahead; another instant than that where the row came late."""
ORIGIN = "origin"
VALID_AT = "valid_at"
LEAD = "lead"
REASON = "reason"
DOCUMENT_ID = "document_id"
TEXT = "text"
LABEL = "label"
PUBLISHED_AT = "published_at"
LABELLED_AT = "labelled_at"
RAW = "raw"
ADJUSTMENT = "adjustment"
"""A column of rows that daycast stored up to 0.1.0; nothing reads it."""
BASIS = "basis"
"""When a feed moved its whole history to the basis on which a row stands; missing before it ever did."""
RESERVED = frozenset({SYMBOL, SERIES_ID, OBSERVED_AT, AVAILABLE_AT, FETCHED_AT, ADJUSTMENT, BASIS})
"""Names that a value column cannot have: they are daycast's own in a frame of observations."""

TIME = "datetime64[us, UTC]"
"""The dtype of every time in a frame."""
REVISION_TOLERANCE = 1e-7
"""Relative difference up to which two answers of a feed are the same value."""

# --- windows, as they stand in Parquet ----------------------------------------------------------------------
INPUTS = "inputs"
"""Fixed-size list of float32, ``lookback * features`` long, time-major: differenced and less the anchor, not scaled."""
ANCHOR = "anchor"
"""Fixed-size list of float64, one a feature: the first level of what is not differenced, taken off the inputs."""
TARGETS = "targets"
"""Fixed-size list of float64, ``horizon`` long: differenced, not scaled."""
BASE = "base"
"""float64: the target's level at the origin, from which differences are undone."""
SLOPE = "slope"
"""float64: the target's mean change per step from its first level to the origin (the drift baseline)."""
END = "end"
"""``valid_at`` of the last target."""
PAST = "past"
"""Fixed-size list of float64, ``season`` long: the target's last levels, the one at the origin last."""

AHEAD = "ahead"
"""Fixed-size list of float32, ``horizon * columns`` long: what the feed had said of each lead at the origin; missing in
a latest window where it had said nothing."""
LEVEL = "level"
"""float64: the target's level, short gaps carried over."""
TARGET = "target"
"""float64: the target's difference; missing where the target was not observed."""
READY = "ready"
"""Whether everything is there that a window with its origin here reads."""
STATE = "state"
"""int8: what a series' latest window has; see ``models.series.latest.State``."""
MISSING = "missing"
"""int32: instants of a latest window at which something was not observed."""
LENGTH = "length"
"""int32: instants from a series' first level to its last."""
STAMP = "stamp"
"""uint64 over all that a forecaster reads of a window."""

# --- predictions, as they stand in Parquet ------------------------------------------------------------------
VERSION = "version"
PART = "part"
MEAN = "mean"

# --- words --------------------------------------------------------------------------------------------------
Training = Literal["retrain", "fine_tune", "reuse"]
TrainingChoice = Literal["auto", "retrain", "fine_tune", "reuse"]
Stage = Literal["champion", "challenger", "retired", "rejected"]
Status = Literal["running", "succeeded", "degraded", "failed", "cancelled"]
Quality = Literal["ok", "baseline", "stale"]
Split = Literal["validation", "test", "live"]
Predicts = Literal["values", "labels", "text"]
TokenKind = Literal["word", "character"]
ForecasterName = Literal[
    "network", "ridge", "blend", "naive", "seasonal_naive", "drift", "majority", "linear", "unigram", "ngram"
]
Metric = Literal[
    "mae",
    "rmse",
    "mase",
    "skill",
    "skill_best",
    "coverage_80",
    "coverage_95",
    "crps",
    "directional_accuracy",
    "width_80",
    "width_95",
    "interval_score_80",
    "interval_score_95",
    "coverage_80_q1",
    "coverage_80_q2",
    "coverage_80_q3",
    "coverage_80_q4",
    "coverage_95_q1",
    "coverage_95_q2",
    "coverage_95_q3",
    "coverage_95_q4",
]
"""Of forecasts of values. ``_q1`` to ``_q4`` are of the quarters of a split's time, over all series and leads."""
LabelMetric = Literal["accuracy", "log_loss", "auc", "calibration_error", "skill"]
TextMetric = Literal["perplexity", "bits_per_character", "skill"]

NETWORK: ForecasterName = "network"
RIDGE: ForecasterName = "ridge"
BLEND: ForecasterName = "blend"
"""Of values the mean of the network and ridge; of labels a mixture of the network and the regression."""
BESIDE: frozenset[ForecasterName] = frozenset({RIDGE, BLEND})
"""What is fitted beside a network, and belongs to its version."""
STANDBY = "Without the network"
"""How the sentence of a run's message begins that names who would serve if the network were not there."""
NAIVE: ForecasterName = "naive"
BASELINES: tuple[ForecasterName, ...] = ("naive", "seasonal_naive", "drift")
METRICS: tuple[Metric, ...] = get_args(Metric)
PROMISES: tuple[Metric, ...] = tuple(name for name in METRICS if name.startswith(("width", "interval", "coverage")))
"""Those of intervals."""
QUARTERS = 4
"""Parts of a split's time in which coverage is told apart."""
OF_QUARTERS: frozenset[Metric] = frozenset(name for name in METRICS if name[:-1].endswith("_q"))
"""The coverages of single ones."""

ALL_SERIES = "*"
"""The ``series_id`` of an evaluation over all series of a pipeline."""
ALL_VERSIONS = "*"
"""The ``version`` of what the baselines are worth on the held-out windows: no network is in it."""
ALL_LEADS = 0
"""The ``lead`` of an evaluation over all leads."""
LEVELS = (80, 95)
"""The nominal coverage of the intervals, in per cent."""

REPORTED = 6
"""Series of a pipeline at most whose forecasts a report draws and explains, the first by name."""

SAMPLE = "sample"
"""The feed of generated data."""
SAMPLE_PREFIX = "sample_"
"""Pipelines on generated data bear names that begin so; no other pipeline may."""

# --- keys of the tables -------------------------------------------------------------------------------------
ACTUALS_KEY = (SERIES_ID, VALID_AT)
FORECASTS_KEY = (SERIES_ID, ORIGIN, VALID_AT)
EVALUATIONS_KEY = (PIPELINE, VERSION, "forecaster", SERIES_ID, "split", LEAD, "metric")


def series_id(pipeline: str, symbol: str) -> str:
    """Name a series.

    >>> series_id("prices", "AMZN")
    'prices/AMZN'
    """
    return f"{pipeline}/{symbol}"


def run_id(pipeline: str, as_of: object) -> str:
    """Name a run by what it is a run of, so that the same run done twice is the same row.

    Args:
        pipeline: the pipeline's name.
        as_of: an aware UTC ``datetime``.

    >>> from datetime import datetime, UTC
    >>> run_id("prices", datetime(2026, 8, 21, 22, 30, tzinfo=UTC))
    'prices@2026-08-21T22:30:00Z'
    """
    stamp = as_of.isoformat().replace("+00:00", "Z")  # type: ignore[attr-defined]
    return f"{pipeline}@{stamp}"
