"""Let versions score the held-out text and write samples, and keep both; no Prefect."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.tasks.apart.held_versions import held_version
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.text_parts import PreparedText, cut_of, tokens_of

if TYPE_CHECKING:
    from daycast.models.networks.text_forecaster import TextForecaster

SCORES, TEXTS = "scores", "texts"


def score_and_write(job: TextJob, prepared: PreparedText, versions: tuple[str, ...]) -> None:
    """Keep each version's scores on the held-out text and its samples, in the process that is called."""
    store, asked = job.written(), samples_key(job)
    for version in versions:
        if not store.has(version, SCORES, prepared.data_hash):
            store.keep(version, SCORES, prepared.data_hash, _scores(job, load_text(job, version)))
        if job.pipeline.samples.count and not store.has(version, TEXTS, asked):
            store.keep(version, TEXTS, asked, _samples(job, load_text(job, version)))


def samples_key(job: TextJob) -> str:
    """A name for how a pipeline has its samples written."""
    return hashlib.sha256(job.pipeline.samples.model_dump_json().encode()).hexdigest()[:16]


def load_text(job: TextJob, version: str) -> TextForecaster:
    """A version, read anew or held.

    Raises:
        ModelFileError: a file is not the one that was saved.
    """

    def read(folder: Path, state: Mapping[str, Any]) -> TextForecaster:
        from daycast.models.networks.text_forecaster import TextForecaster

        return TextForecaster.load(folder, state)

    forecaster: TextForecaster = held_version(job, version, read)
    return forecaster


def _scores(job: TextJob, forecaster: TextForecaster) -> list[dict[str, object]]:
    """A row a part, forecaster and metric; the tokens that the version knows are its own."""
    from daycast.models.race.writing import score_all
    from daycast.models.text.corpus import HELD_OUT, length_of

    tokens = tokens_of(job)
    cut = cut_of(job, tokens).slices
    rows: list[dict[str, object]] = []
    for part in HELD_OUT:
        held = tokens[cut[part]]
        scores = score_all(forecaster.nats(forecaster.vocabulary.encoded(held)), characters=length_of(held))
        rows += [
            {"part": part, "forecaster": name, "metric": metric, "value": value, "n": n}
            for name, metrics in scores.items()
            for metric, (value, n) in metrics.items()
        ]
    return rows


def _samples(job: TextJob, forecaster: TextForecaster) -> list[dict[str, object]]:
    """The texts that the pipeline asks for each night, by the one of the version that serves."""
    from daycast.models.text.generation import Drawing

    asked, rows = job.pipeline.samples, []
    for number in range(asked.count):
        drawing = Drawing(
            length=asked.length,
            temperature=asked.temperature,
            top_k=asked.top_k,
            top_p=asked.top_p,
            seed=asked.seed + number,
        )
        written = forecaster.write(asked.prompt, drawing=drawing)
        rows.append(
            {
                "sample": number + 1,
                "prompt": written.prompt,
                "text": written.text,
                "temperature": asked.temperature,
                "seed": drawing.seed,
                "forecaster": forecaster.served,
            }
        )
    return rows
