"""The kinds of pipelines that the daily flow runs, by what they predict."""

from __future__ import annotations

from collections.abc import Mapping

from daycast.flows.kinds.kind import Kind
from daycast.flows.kinds.labels import LABELS
from daycast.flows.kinds.text import TEXT
from daycast.flows.kinds.values import VALUES
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.words import Predicts

KINDS: Mapping[Predicts, Kind] = {"values": VALUES, "labels": LABELS, "text": TEXT}


def kind_of(spec: AnyPipeline) -> Kind:
    """What the daily flow does for a pipeline.

    Raises:
        ConfigError: it is of a kind that cannot be run yet.
    """
    if spec.predicts in KINDS:
        return KINDS[spec.predicts]
    raise ConfigError(
        f"A pipeline that predicts {' or '.join(KINDS)} is required. Received: {spec.name}, which predicts "
        f"{spec.predicts}: this daycast cannot run it yet."
    )
