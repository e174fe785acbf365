"""The race on held-out windows: the networks and the baselines on the same windows, and who serves."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from daycast.models.race.baselines import BASELINES
from daycast.models.race.selection import Errors, Verdict, decide
from daycast.models.scores.intervals import Intervals
from daycast.models.scores.metrics import Forecast, evaluate, naive_scales, overall
from daycast.models.series.differencing import Floats
from daycast.models.series.material import Material
from daycast.models.series.windows import Windows
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import NAIVE, NETWORK, ForecasterName, Split


@dataclass(frozen=True, kw_only=True, eq=False)
class Contest:
    """What the race came to.

    Attributes:
        scores: by version, the rows of :func:`daycast.models.scores.metrics.evaluate` for validation and test.
        verdict: who serves.
        version: the network version that won among the networks.
    """

    scores: Mapping[str, pd.DataFrame]
    verdict: Verdict
    version: str

    def test(self) -> dict[str, float | None]:
        """Test errors over all leads and series, of the winning network, naive, and the forecaster that serves.

        The skill is none where naive has no error: of series that do not move.
        """
        scores = self.scores[self.version]
        scores = scores[scores["split"] == "test"]
        values = {metric: overall(scores, metric=metric) for metric in ("mae", "rmse", "skill")}
        served = self.verdict.served
        coverage = {f"coverage_{level}": overall(scores, metric=f"coverage_{level}")[served] for level in (80, 95)}
        return {
            "mae": values["mae"][NETWORK],
            "rmse": values["rmse"][NETWORK],
            "skill": values["skill"].get(NETWORK),
            "naive_mae": values["mae"][NAIVE],
            "naive_rmse": values["rmse"][NAIVE],
            "served_mae": values["mae"][served],
            **coverage,
        }


def hold(
    material: Material,
    *,
    networks: Mapping[str, Mapping[str, Floats]],
    challenger: str | None,
    champion: str | None,
    spec: Pipeline,
) -> Contest:
    """Score everyone on validation and test, and decide.

    Args:
        material: the run's windows.
        networks: by version and part (``validation``, ``test``), levels ``(n, horizon)`` for its windows.
        challenger: the new version; none where the champion is reused.
        champion: the version that served; none where there is none.
        spec: the pipeline.
    """
    scores = {version: _score(material, network=means, spec=spec) for version, means in networks.items()}
    errors = {version: _errors(rows) for version, rows in scores.items()}
    any_version = next(iter(scores))
    verdict = decide(
        errors[challenger][NETWORK] if challenger else None,
        champion=errors[champion][NETWORK] if champion else None,
        baselines={baseline.name: errors[any_version][baseline.name] for baseline in BASELINES},
        margin=spec.training.margin,
    )
    winner = challenger if verdict.promoted else champion or challenger
    assert winner is not None  # noqa: S101 — decide() was given one of the two
    return Contest(scores=scores, verdict=verdict, version=winner)


def _score(material: Material, *, network: Mapping[str, Floats], spec: Pipeline) -> pd.DataFrame:
    """Rows of every forecaster beside one network."""
    kind = spec.difference_of(spec.target)
    held_out: dict[Split, Windows] = {"validation": material.validation, "test": material.test}
    means: dict[ForecasterName, Mapping[str, Floats]] = {NETWORK: network}
    for baseline in BASELINES:
        means[baseline.name] = {split: baseline.predict(windows) for split, windows in held_out.items()}
    intervals = {
        name: Intervals.fit(held_out["validation"], mean["validation"], kind=kind) for name, mean in means.items()
    }
    scales = naive_scales(material.training, kind=kind)
    rows = [
        evaluate(
            {name: Forecast(mean=mean[split], intervals=intervals[name]) for name, mean in means.items()},
            windows=windows,
            split=split,
            kind=kind,
            scales=scales,
            directional=spec.sessions,
        )
        for split, windows in held_out.items()
    ]
    return pd.concat(rows, ignore_index=True)


def _errors(scores: pd.DataFrame) -> dict[ForecasterName, Errors]:
    validation = overall(scores[scores["split"] == "validation"], metric="mase")
    test = overall(scores[scores["split"] == "test"], metric="mase")
    return {name: Errors(validation=validation[name], test=test[name]) for name in validation}  # type: ignore[misc]
