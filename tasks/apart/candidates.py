"""Train the networks of a pipeline one after the other, and keep the one that errs least on validation; no Prefect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.pipeline import Pipeline
from daycast.tasks.apart.versions import Budget
from daycast.tasks.handover.shard_state import states_of
from daycast.tasks.handover.telling import NETWORKS

if TYPE_CHECKING:
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.race.ridge import RidgeForecaster
    from daycast.models.series.differencing import Floats
    from daycast.models.series.portion import Portion

_CHOSEN = "chosen"
"""In a version's state: the settings of the network that was chosen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Grounds:
    """What every network of a training is fitted on and judged by.

    Attributes:
        parts: the training and the validation part; a network that is alone is handed them over, since once their rows
            are scaled, nobody needs them.
        scales: ``(series,)`` the mean step of each series of them; none where nothing is to be judged.
        parent: the network that is trained on; none for new weights.
    """

    parts: list[Portion]
    scales: Floats | None
    parent: NetworkForecaster | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A network that was to be trained, and what came of it.

    Attributes:
        name: what it is called.
        spec: the pipeline with this network alone.
        wanted: epochs that it was to have.
        forecaster: it, trained; none where it could not be.
        ridge: least squares beside it, scaled as it is; none where windows are too wide.
        error: on validation: MASE over all leads and series; none where it was not judged.
        cut_short: whether the time ended its training.
        failed: why it could not be trained.
    """

    name: str
    spec: Pipeline
    wanted: int
    forecaster: NetworkForecaster | None = None
    ridge: RidgeForecaster | None = None
    error: float | None = None
    cut_short: bool = False
    failed: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """What the version's state says of it."""
        epochs = len(self.forecaster.history) if self.forecaster else 0
        short = self.cut_short and epochs < self.wanted
        said = {"error": self.error, "failed": self.failed, "cut_short": f"{epochs} of {self.wanted}" if short else ""}
        return {"name": self.name, **{key: value for key, value in said.items() if value not in ("", None)}}


def train_networks(
    spec: Pipeline, grounds: Grounds, *, epochs: int | None, budget: Budget, told: Callable[..., None]
) -> list[Candidate]:
    """Train each network of a pipeline in its part of the time, best first; one that cannot be stops no other.

    Args:
        spec: the pipeline; a network that is alone is not judged.
        grounds: what they are fitted on.
        epochs: of each at most; none takes its own.
        budget: the time of all.
        told: called after each epoch with its number, how many there are at most, the loss and the validation loss.

    Raises:
        DataError: none can be trained.
    """
    networks = spec.networks
    tried = [
        Candidate(name=name, spec=spec.with_network(model), wanted=model.members * (epochs or model.epochs))
        for name, model in zip(names_of(networks), networks, strict=True)
    ]
    if len(tried) == 1:
        return [_trained(tried[0], grounds.parts, parent=grounds.parent, budget=budget, told=told)]
    done, total = 0, sum(each.wanted for each in tried)
    for place, each in enumerate(tried):
        tried[place] = _tried(each, grounds, budget=budget.part(len(tried) - place), told=_after(told, done, total))
        done += each.wanted
    judged = [each for each in tried if each.error is not None]
    if not judged:
        raise DataError(f"None of {len(tried)} networks could be trained. Received: {tried[0].failed}")
    return sorted(tried, key=lambda each: float("inf") if each.error is None else each.error)


def chosen_state(tried: Sequence[Candidate]) -> dict[str, Any]:
    """What the state of a version says of the networks of its pipeline, the chosen one first."""
    # What was not set is left out: a key of its default that belongs to other cells would be refused.
    chosen = {_CHOSEN: tried[0].spec.model.model_dump(mode="json", exclude_unset=True)}
    return {**chosen, NETWORKS: [each.told for each in tried]} if len(tried) > 1 else chosen


def of_version(spec: Pipeline, state: Mapping[str, Any]) -> Pipeline:
    """The pipeline with the network alone that a version chose: its ``model``, where it had no choice."""
    chosen = state.get(_CHOSEN)
    return spec.with_network(ModelSpec.model_validate(chosen) if chosen else spec.model)


def cell_of(spec: AnyPipeline, state: Mapping[str, Any]) -> str:
    """The cell of a version's network, whatever its pipeline predicts; of several, that which most shards chose."""
    cells = Counter(
        str(ModelSpec.model_validate(each[_CHOSEN]).cell) if each.get(_CHOSEN) else spec.model.cell
        for each in states_of(state)
    )
    return cells.most_common(1)[0][0]


def names_of(networks: Sequence[ModelSpec]) -> list[str]:
    """What networks are called: by their cells, and of those that share one by their place as well.

    >>> names_of([ModelSpec(cell="gru"), ModelSpec(cell="segment_gru"), ModelSpec(cell="gru", units=(32,))])
    ['gru (1)', 'segment_gru', 'gru (3)']
    """
    cells = [each.cell for each in networks]
    return [cell if cells.count(cell) == 1 else f"{cell} ({place})" for place, cell in enumerate(cells, start=1)]


def _after(told: Callable[..., None], done: int, total: int) -> Callable[..., None]:
    return lambda number, _, *losses: told(done + number, total, *losses)


def _tried(candidate: Candidate, grounds: Grounds, *, budget: Budget, told: Callable[..., None]) -> Candidate:
    try:
        trained = _trained(candidate, list(grounds.parts), parent=grounds.parent, budget=budget, told=told)
        return replace(trained, error=_error(trained.forecaster, grounds, spec=candidate.spec))
    except DataError as error:
        return replace(candidate, failed=str(error))


def _trained(
    candidate: Candidate,
    parts: list[Portion],
    *,
    parent: NetworkForecaster | None,
    budget: Budget,
    told: Callable[..., None],
) -> Candidate:
    from daycast.models.networks.forecaster import NetworkForecaster, scaler_of
    from daycast.models.race.ridge import RidgeForecaster

    spec = candidate.spec
    scaler = scaler_of(parts[0], spec=spec, parent=parent)
    parts[1] = parts[1].among(scaler.knows(parts[1]))  # a series that is new in the validation part has no scale
    ridge = RidgeForecaster.fit(*parts, spec=spec, scaler=scaler)
    # Handed over and not kept here: once the rows are scaled, the fit has no more use for them.
    forecaster = NetworkForecaster.fit(
        parts.pop(0),
        parts.pop(0),
        spec=spec,
        parent=parent,
        on_epoch=lambda epoch: told(epoch.number, epoch.total, epoch.loss, epoch.validation_loss),
        expired=budget.over,
        scaler=scaler,
    )
    return replace(candidate, forecaster=forecaster, ridge=ridge, cut_short=budget.ended)


def _error(forecaster: NetworkForecaster | None, grounds: Grounds, *, spec: Pipeline) -> float:
    """As the judge measures it: losses of networks that are scaled or stopped in other ways do not compare."""
    import numpy as np

    from daycast.models.series.portion import blocks

    assert forecaster is not None  # noqa: S101 — what was trained
    kind, total, count = spec.difference_of(spec.target), 0.0, 0
    validation, scales = grounds.parts[1], grounds.scales
    assert scales is not None  # noqa: S101 — given where several are judged
    for windows in blocks(validation.among(forecaster.scaler.knows(validation))):
        apart = np.abs(forecaster.predict(windows) - windows.levels(kind))
        total += float((apart / scales[windows.codes][:, np.newaxis]).sum())
        count += apart.size
    return total / max(count, 1)
