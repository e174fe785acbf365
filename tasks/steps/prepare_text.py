"""Cut the text by its order, fit the vocabulary on its training part, and keep it as numbers in the lake."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError
from daycast.tasks.handover.documents_job import TextJob, require_known
from daycast.tasks.handover.text_parts import PreparedText, cut_of, texts_of, tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daycast.models.text.corpus import Cut


@task(name="prepare-text", cache_policy=NO_CACHE)
def prepare_text(job: TextJob) -> PreparedText:
    """Keep the text as numbers, as known at the run's ``as_of``; a state that is kept already is left as it is.

    Args:
        job: the run.

    Raises:
        AsOfError: nothing was known yet.
    """
    require_known(job)
    texts, tokens = texts_of(job), tokens_of(job)
    cut, state = cut_of(job, tokens), _state(job, texts)
    found = PreparedText(
        data_hash=state,
        documents=sum(bool(text.strip()) for text in texts),
        tokens={part: where.stop - where.start for part, where in cut.slices.items()},
    )
    return _numbered(job, found, tokens, cut)


def _numbered(job: TextJob, found: PreparedText, tokens: Sequence[str], cut: Cut) -> PreparedText:
    from daycast.models.text.vocabulary import Vocabulary

    store, spec = job.sequences(), job.pipeline
    short = cut.short(spec.lookback)
    if store.has(found.data_hash):
        store.remove_others(found.data_hash)
        _, vocabulary = store.read(found.data_hash)
        size = len(Vocabulary.from_state(vocabulary))
        return replace(found, vocabulary=size, untrainable=short)
    try:
        known = Vocabulary.of(tokens[cut.slices["training"]], kind=spec.token, size=spec.vocabulary)
    except DataError as error:
        return replace(found, untrainable=short or str(error))
    store.keep(found.data_hash, known.encoded(tokens), known.state())
    store.remove_others(found.data_hash)
    return replace(found, vocabulary=len(known), written=True, untrainable=short)


def _state(job: TextJob, texts: Sequence[str]) -> str:
    """A name for one state of the text: what it says, and how it is read and cut."""
    spec = job.pipeline
    digest = hashlib.sha256(f"{spec.token} {spec.vocabulary} {spec.split.model_dump_json()}".encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)} ".encode())
        digest.update(data)
    return digest.hexdigest()
