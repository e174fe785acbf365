"""Show a run that tells labels: artifacts in the Prefect UI, and pages in the storage folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.words import DOCUMENT_ID, LABEL, TEXT
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.label_parts import PreparedLabels, keyed
from daycast.tasks.handover.pages import artifact_key, documents_aside, losses, show

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.scores.labels import Probabilities
    from daycast.storage.registry.store import Manifest
    from daycast.storage.reports.any_report import Picture
    from daycast.storage.reports.label_report import Confusion, LabelReport, Mistake
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.runs import RunRow
    from daycast.tasks.handover.stores import Stores

    Told = tuple[Probabilities, pd.DataFrame]

_TABLE_ROWS = 1000
_EXCERPT = 240
"""Characters of a document that a page shows."""
_LEAST = 0.005
"""What a word must move a probability by to be shown."""
_HISTORY = timedelta(weeks=26)


@task(name="publish-labels", cache_policy=NO_CACHE)
def publish_labels(job: LabelsJob, *, prepared: PreparedLabels | None = None) -> str:
    """Write the run's pages and its artifacts: a markdown report, and a table of the labels.

    Args:
        job: the run's, whose row in SQL is closed.
        prepared: the documents; none where the run failed before it came to labels.

    Returns:
        Where the run's own page is.
    """
    report, page = show(job, lambda database, run: report_of_labels(database, job.stores, run))
    if prepared is not None:
        create_table_artifact(
            _table(report), key=f"{artifact_key(job)}-labels", description=f"Labels of {report.run.run_id}"
        )
    return page


def report_of_labels(database: Database, stores: Stores, run: RunRow) -> LabelReport:
    """The report of a run; where it told none, with the labels that were told last."""
    from daycast.storage.reports.label_report import LabelReport
    from daycast.storage.reports.reading import manifest_of, scores_of, version_of
    from daycast.storage.sql.evaluations import list_evaluations
    from daycast.storage.sql.labels import latest_labels
    from daycast.storage.sql.live import live_by_week, live_of_run
    from daycast.storage.sql.runs import list_remarks

    name = run.pipeline
    labels = latest_labels(database, name, until=run.as_of)
    version = version_of(database, run, labels)
    manifest, trouble = manifest_of(stores.registry(), version)
    served = _served(labels, run, manifest)
    rows = list_evaluations(database, name, version=version.version, split="test") if version else []
    known = stores.documents(name).known(run.as_of) if manifest else None
    told = _test(stores, known, manifest, served) if manifest and known is not None else None
    return LabelReport(
        run=run,
        version=version,
        manifest=manifest,
        trouble=trouble,
        scores=scores_of(rows, served or "majority"),
        live=live_of_run(database, name, as_of=run.as_of),
        weeks=tuple(live_by_week(database, name, since=run.as_of - _HISTORY, until=run.as_of)),
        aside=tuple(documents_aside(stores, run)),
        remarks=tuple(list_remarks(database, run.run_id)),
        labels=tuple(labels),
        served=served,
        confusion=_confusion(told, manifest) if told and manifest else None,
        mistakes=tuple(_mistakes(stores, run, known, manifest)) if manifest and known is not None else (),
        pictures=(*_reliability(told, manifest, name), *_curves(manifest)),
    )


def _served(labels: list[dict[str, Any]], run: RunRow, manifest: Manifest | None) -> Any:
    """Who told the run's labels; where there were none to tell, who would have by the version's own race."""
    told = next((row["forecaster"] for row in labels if row["run_id"] == run.run_id), None)
    state: Any = manifest.state if manifest else {}
    return told or (state.get("tellers") or {}).get("served")


def _test(stores: Stores, known: pd.DataFrame, manifest: Manifest, served: Any) -> Told | None:
    """What was told of the test part of the documents known to the run, and that part; none if it was not told of."""
    from daycast.models.race.labelling import Tellers
    from daycast.models.text.majority import Majority
    from daycast.models.text.parts import divide
    from daycast.storage.terms.rules import SplitSpec

    state: Any = manifest.state
    split = SplitSpec.model_validate(manifest.spec["split"])
    test = divide(known, split=split).test
    test = keyed(test[test[LABEL].isin(state["labels"])])
    told = stores.told_labels(manifest.pipeline)
    test = test[~told.missing(manifest.version, test)]
    if test.empty:
        return None
    flat = Majority(shares=tuple(state["majority"])).predict(len(test))
    raw: Any = {"majority": flat, **told.read(manifest.version, test)}
    tellers = Tellers(**state["tellers"])
    return tellers.apply(raw)[served or tellers.served], test


def _confusion(told: Told, manifest: Manifest) -> Confusion:
    from daycast.models.scores.labels import confusion
    from daycast.storage.reports.label_report import Confusion

    rows = confusion(told[0], _codes(told[1], manifest))
    labels: Any = manifest.state["labels"]
    return Confusion(labels=tuple(labels), rows=tuple(tuple(map(int, row)) for row in rows))


def _codes(test: pd.DataFrame, manifest: Manifest) -> Any:
    from daycast.models.text.parts import codes

    labels: Any = manifest.state["labels"]
    return codes(test, tuple(labels))


def _mistakes(stores: Stores, run: RunRow, known: pd.DataFrame, manifest: Manifest) -> Iterator[Mistake]:
    from daycast.storage.reports.label_report import Mistake

    texts = known.set_index(DOCUMENT_ID)[TEXT]
    for row in stores.told_labels(run.pipeline).mistakes(manifest.version, as_of=run.as_of):
        if row[DOCUMENT_ID] in texts.index:
            words = tuple((word, by) for word, by in zip(row["words"], row["moved"], strict=True) if abs(by) >= _LEAST)
            said = {name: row[name] for name in (DOCUMENT_ID, "label", "told", "probability")}
            excerpt = " ".join(str(texts[row[DOCUMENT_ID]])[: 2 * _EXCERPT].split())[:_EXCERPT]
            yield Mistake(**said, excerpt=excerpt, words=words)


def _reliability(told: Told | None, manifest: Manifest | None, name: str) -> Iterator[Picture]:
    from daycast.models.pictures.label_plots import draw_reliability, reliability_in_words
    from daycast.models.scores.labels import reliability
    from daycast.storage.reports.any_report import Picture

    if told is not None and manifest is not None:
        found, title = reliability(told[0], _codes(told[1], manifest)), f"{name}: told and came, test part"
        words = reliability_in_words(found, title=title)
        yield Picture(of="forecasts", alt=words, svg=draw_reliability(found, title=title))


def _curves(manifest: Manifest | None) -> Iterator[Picture]:
    from daycast.models.pictures.label_plots import accuracy_in_words, draw_accuracy
    from daycast.storage.reports.any_report import Picture

    yield from losses(manifest, unit="nats")
    history = manifest.history if manifest else {}
    if manifest and history.get("accuracy"):
        title = f"Accuracy of {manifest.version}"
        curves = history["accuracy"], history["val_accuracy"]
        alt = accuracy_in_words(*curves, title=title)
        yield Picture(of="network", alt=alt, svg=draw_accuracy(*curves, title=title))


def _table(report: LabelReport) -> list[dict[str, Any]]:
    """The labels as the Prefect UI takes a table; no text is in it."""
    return [
        {
            DOCUMENT_ID: row[DOCUMENT_ID],
            "published_at": f"{row['published_at']:%Y-%m-%d %H:%M}",
            "label": row["label"],
            "probability": round(row["probability"], 4),
            "forecaster": row["forecaster"],
            "quality": row["quality"],
        }
        for row in report.labels[:_TABLE_ROWS]
    ]
