"""Text by the champion of a pipeline that predicts text, for ``daycast generate``: plain functions, no Prefect."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.known import require_known
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.storage.terms.words import SAMPLE_PREFIX, ForecasterName
from daycast.tasks.apart.networks import load
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from daycast.models.text.generation import Writer
    from daycast.models.text.vocabulary import Vocabulary

_LONGEST = 10_000
"""Characters of a prompt at most: each costs a step of the network."""


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What was written, and how.

    Attributes:
        prompt: what it goes on from, as it was read.
        text: what was written after it.
        remarks: what a reader should know.
        version: which wrote.
        forecaster: who of it.
        temperature: as drawn.
        seed: likewise.
        seconds: that the writing took, once the version was loaded.
    """

    prompt: str
    text: str
    remarks: tuple[str, ...]
    version: str
    forecaster: ForecasterName
    temperature: float
    seed: int
    seconds: float


def generate(settings: Settings, *, pipeline: str, prompt: str | None, **drawn: float | None) -> Generated:
    """Continue a prompt by a pipeline's champion; the same seed and version give the same text on one machine.

    Args:
        settings: the environment.
        pipeline: its name.
        prompt: what to go on from; by default that of the pipeline's ``samples``.
        drawn: ``length``, ``temperature``, ``top_k``, ``top_p`` and ``seed``; one that is none as in the ``samples``.

    Raises:
        ConfigError: there is no such pipeline, it predicts something else, or a value is out of range.
        RegistryError: it has no champion.
        ModelFileError: a file of it is not the one that was saved.
    """
    spec = _text_pipeline(settings, pipeline)
    asked: Any = {key: getattr(spec.samples, key) if value is None else value for key, value in drawn.items()}
    begun = spec.samples.prompt if prompt is None else prompt
    if len(begun) > _LONGEST:
        raise ConfigError(f"A prompt of at most {_LONGEST:,} characters is required. Received: {len(begun):,}.")
    from daycast.models.text.generation import Drawing, write

    drawing = Drawing(**asked)
    champion = _champion(settings, pipeline)
    began = time.monotonic()
    written = write(champion.writer, vocabulary=champion.vocabulary, prompt=begun, drawing=drawing)
    return Generated(
        prompt=written.prompt,
        text=written.text,
        remarks=written.remarks,
        version=champion.version,
        forecaster=champion.served,
        temperature=drawing.temperature,
        seed=drawing.seed,
        seconds=time.monotonic() - began,
    )


def _text_pipeline(settings: Settings, name: str) -> TextPipeline:
    of_file = load_pipelines(settings.pipelines)
    sampled = {f"{SAMPLE_PREFIX}{each}": spec.as_sample() for each, spec in of_file.items()}
    known = {**sampled, **of_file}
    require_known(name, list(known if name.startswith(SAMPLE_PREFIX) else of_file), kind="pipeline")
    spec = known[name]
    if isinstance(spec, TextPipeline):
        return spec
    some = [each for each, one in of_file.items() if isinstance(one, TextPipeline)]
    raise ConfigError(
        f"A pipeline that predicts text is required: {', '.join(some) or 'the pipeline file has none'}. "
        f"Received: {name}, which predicts {spec.predicts}."
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Champion:
    """The version that serves, and who of it writes."""

    version: str
    served: ForecasterName
    writer: Writer
    vocabulary: Vocabulary


def _champion(settings: Settings, pipeline: str) -> _Champion:
    """The version that serves, its files verified; Keras is loaded where a network writes."""
    from daycast.models.networks.text_writer import load_writer, needs_network
    from daycast.storage.sql.versions import champion

    stores = Stores(settings)
    with stores.look() as database:
        row = champion(database, pipeline)
    registry = stores.registry()
    with registry.fetch(pipeline, row.version, sha256=row.sha256) as folder:
        state: Any = registry.manifest(pipeline, row.version, sha256=row.sha256).state
        if needs_network(state):
            load()
        writer, vocabulary = load_writer(folder, state)
    return _Champion(version=row.version, served=state["served"], writer=writer, vocabulary=vocabulary)
