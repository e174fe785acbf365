"""The race on held-out windows: the networks and the baselines on the same windows, and who serves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.models.race.baselines import BASELINES
from daycast.models.race.selection import Errors, Verdict, best_baseline, decide, overtake, without_network
from daycast.models.scores.blocks import block_count
from daycast.models.scores.intervals import REQUIRED, Intervals
from daycast.models.scores.metrics import Forecast, Tally, overall, tally
from daycast.models.scores.scales import naive_scales
from daycast.models.series.differencing import Floats
from daycast.models.series.material import Material
from daycast.models.series.windows import Windows, concatenate
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import BESIDE, NAIVE, NETWORK, RIDGE, ForecasterName, Split

SPLITS: tuple[Split, ...] = ("validation", "test")
Means = Mapping[Split, Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tallies:
    """What one shard adds to the race.

    Attributes:
        raced: by version, and under none of the baselines alone, sums over the series that every network knows; by
            split.
        newcomers: sums over the series that were not in training, of the last version and the baselines; by split.
            None where there is no window of such a series.
    """

    raced: Mapping[str, Mapping[Split, Tally]]
    newcomers: Mapping[Split, Tally] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Contest:
    """What the race came to.

    Attributes:
        scores: by version, the rows of :meth:`daycast.models.scores.metrics.Tally.rows` for validation and test;
            those of the baselines under :data:`BASELINES_ALONE`.
        verdict: who serves; where there is no network, the best baseline.
        version: the network version that won among the networks; none where there is none.
        baseline: the best of the baselines.
        newcomers: who serves a series that no network was trained on.
    """

    scores: Mapping[str, pd.DataFrame]
    verdict: Verdict
    version: str | None
    baseline: ForecasterName
    newcomers: ForecasterName

    def test(self) -> dict[str, float | None]:
        """Test errors over all leads and series, of the forecaster that serves, and of naive beside it.

        The skill is none where naive has no error: of series that do not move.
        """
        if self.version is None:
            return {}
        scores = pd.concat([self.scores[self.version], self.scores[BASELINES_ALONE]])
        scores = scores[scores["split"] == "test"]
        served = self.verdict.served
        own = {metric: overall(scores, metric=metric).get(served) for metric in _OF_SERVED}
        return {**own, **{f"naive_{metric}": overall(scores, metric=metric)[NAIVE] for metric in ("mae", "rmse")}}


BASELINES_ALONE = ""
"""What the baselines' own sums stand under, where networks' stand under their version."""
_OF_SERVED = ("mae", "rmse", "skill", "coverage_80", "coverage_95")


def enter(
    material: Material,
    *,
    networks: Mapping[str, Mapping[ForecasterName, Means]],
    known: Collection[str],
    spec: Pipeline,
) -> Tallies | None:
    """Sum up everyone's errors on a shard's held-out windows.

    Args:
        material: the shard's.
        networks: by version, forecaster (the network, and what was fitted beside it) and split, levels
            ``(n, horizon)`` for its windows; NaN where there are none.
        known: the series that every network was trained on.
        spec: the pipeline.

    Returns:
        None where the shard has too few validation windows for an interval.
    """
    held_out: dict[Split, Windows] = {"validation": material.validation, "test": material.test}
    if len(held_out["validation"]) < REQUIRED:
        return None
    of_known = np.isin(np.array(material.panel.names, dtype=object), list(known)) if networks else None
    alone: dict[str, Means] = {
        baseline.name: {split: baseline.predict(windows) for split, windows in held_out.items()}
        for baseline in BASELINES
    }
    chosen = {
        split: np.ones(len(each), dtype=bool) if of_known is None else of_known[each.codes]
        for split, each in held_out.items()
    }
    scorer = _Scorer(material, spec)
    of_networks = {_key(version, name): means for version, each in networks.items() for name, means in each.items()}
    raced = scorer.tallies({**of_networks, **alone}, chosen)
    new = {split: ~mask for split, mask in chosen.items()}
    last: dict[str, Means] = {NETWORK: list(networks.values())[-1][NETWORK]} if networks else {}
    for split in SPLITS if last else ():
        new[split] &= np.isfinite(last[NETWORK][split]).all(axis=1)
    fresh = scorer.tallies({**last, **alone}, new) if last and new["validation"].sum() >= REQUIRED else None
    return Tallies(raced=_apart(raced, networks) if raced else {}, newcomers=fresh)


def _key(version: str, forecaster: ForecasterName) -> str:
    return f"{version}/{forecaster}"


def _apart(
    raced: Mapping[Split, Tally], networks: Mapping[str, Mapping[ForecasterName, Means]]
) -> dict[str, dict[Split, Tally]]:
    """Each version's sums beside naive's, and the baselines' alone."""
    who: dict[str, dict[str, ForecasterName]] = {
        version: {NAIVE: NAIVE, **{_key(version, name): name for name in each}} for version, each in networks.items()
    }
    who[BASELINES_ALONE] = {baseline.name: baseline.name for baseline in BASELINES}
    return {key: {split: raced[split].called(names) for split in SPLITS} for key, names in who.items()}


@dataclass(frozen=True)
class _Scorer:
    material: Material
    spec: Pipeline

    def tallies(self, means: Mapping[str, Means], chosen: Mapping[Split, np.ndarray]) -> dict[Split, Tally] | None:
        """Sums over some of the windows; none where they are too few for an interval."""
        kind = self.spec.difference_of(self.spec.target)
        # What a network reads is most of a window, and nobody's score hangs on it.
        windows = {split: getattr(self.material, split).without_inputs().where(chosen[split]) for split in SPLITS}
        if len(windows["validation"]) < REQUIRED:
            return None
        until = self.material.bounds.training_end.tz_localize(None).to_datetime64()
        scales = naive_scales(self.material.panel, until=until)
        picked = {name: {split: each[split][chosen[split]] for split in SPLITS} for name, each in means.items()}
        both = concatenate([windows[split] for split in SPLITS])
        intervals = {
            name: Intervals.rolling(both, np.concatenate([each[split] for split in SPLITS]), kind=kind)
            for name, each in picked.items()
        }
        return {
            split: tally(
                {name: Forecast(mean=each[split], intervals=intervals[name]) for name, each in picked.items()},
                windows=windows[split],
                kind=kind,
                scales=scales,
                directional=self.spec.sessions,
                span=self.material.bounds.span(split),
                blocks=block_count(
                    self.material.bounds.size(split), horizon=self.spec.horizon, season=self.spec.season_length
                ),
            )
            for split in SPLITS
        }


def hold(entered: Sequence[Tallies], *, challenger: str | None, champion: str | None, spec: Pipeline) -> Contest:
    """Add up what the shards entered, and decide.

    Args:
        entered: of each shard that had anything to enter.
        challenger: the new version; none where the champion is reused.
        champion: the version that served; none where there is none.
        spec: the pipeline.

    Raises:
        DataError: nothing was entered.
    """
    raced = [each.raced for each in entered if each.raced]
    if not raced:
        raise DataError(
            f"A race needs {REQUIRED} validation windows of series that the network knows. Received: fewer. "
            "Make the validation part larger."
        )
    sums = {
        version: {split: _total([each[version][split] for each in raced]) for split in SPLITS} for version in raced[0]
    }
    alone = sums[BASELINES_ALONE]
    rows = {
        version: {split: sums[version][split].rows(split=split, baselines=alone[split]) for split in SPLITS}
        for version in sums
    }
    errors = {version: _errors(each, sums[version]["validation"]) for version, each in rows.items()}
    baselines = {baseline.name: errors[BASELINES_ALONE][baseline.name] for baseline in BASELINES}
    margin = spec.training.margin
    best = best_baseline(baselines, margin=margin)
    scores = {version: _kept(rows[version], alone=version == BASELINES_ALONE) for version in rows}
    newcomers = _newcomers(entered, best=best, margin=margin)
    if challenger is None and champion is None:
        verdict = Verdict(promoted=False, served=best, reason=f"{best} serves: there is no network.")
        return Contest(scores=scores, verdict=verdict, version=None, baseline=best, newcomers=best)
    verdict = decide(
        errors[challenger][NETWORK] if challenger else None,
        champion=errors[champion][NETWORK] if champion else None,
        baselines=baselines,
        margin=margin,
    )
    winner = challenger if verdict.promoted else champion or challenger
    of_winner = errors[winner or BASELINES_ALONE]
    beside = {name: each for name, each in of_winner.items() if name in BESIDE}
    verdict = overtake(verdict, rivals=beside, entered={**of_winner, **baselines}, margin=margin)
    verdict = without_network(verdict, ridge=beside.get(RIDGE), baselines=baselines, margin=margin)
    served = verdict.served if verdict.served in baselines else newcomers
    return Contest(scores=scores, verdict=verdict, version=winner, baseline=best, newcomers=served)


def _newcomers(entered: Sequence[Tallies], *, best: ForecasterName, margin: float) -> ForecasterName:
    """The network, where on the held-out windows of series that it never saw it is better than they do without it."""
    some = [each.newcomers["validation"] for each in entered if each.newcomers]
    if not some:
        return best
    mase = overall(_total(some).rows(split="validation"), metric="mase")
    better = mase[NETWORK] < mase[NAIVE] * (1 - margin) and mase[NETWORK] <= mase[best]
    return NETWORK if better else best


def _total(tallies: Sequence[Tally]) -> Tally:
    total = tallies[0]
    for each in tallies[1:]:
        total = total + each
    return total


def _kept(rows: Mapping[Split, pd.DataFrame], *, alone: bool) -> pd.DataFrame:
    """The rows that are told: a version's without the naive one that it was held against."""
    whole = pd.concat(rows.values(), ignore_index=True)
    return whole if alone else whole[whole["forecaster"] != NAIVE].reset_index(drop=True)


def _errors(rows: Mapping[Split, pd.DataFrame], sums: Tally) -> dict[ForecasterName, Errors]:
    validation, test = (overall(rows[split], metric="mase") for split in SPLITS)
    return {
        name: Errors(validation=validation[name], test=test[name], blocks=blocks)  # type: ignore[misc]
        for name, blocks in sums.blocks.items()
    }
