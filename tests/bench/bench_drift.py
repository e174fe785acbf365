"""How often an alarm of drift rings where nothing drifts, over all columns of a night together.

Run from the project's folder: ``python tests/bench/bench_drift.py [--nights 1000]``. Each night is a history of its own
in its stationary state, of some columns that are alike from step to step; what came lately is held against the training
part as ``tasks/steps/drift.py`` does, the network's errors being one more column. A night rings where any column's
``p_value`` is below .01; ``max_drift`` asks for an index above .25 as well.
"""

import argparse
import time

import numpy as np

from daycast.models.scores.drift import ASSURANCE, ERROR, drift, recent_steps

_TRAINING, _GAP = 700, 200
_ERRORS = 500
_LIMIT = 0.25


def main() -> None:
    """Print a line a kind of history."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=1000)
    nights = parser.parse_args().nights
    for columns in (1, 7, 20):
        for phi in (0.0, 0.6, 0.95):
            for shared in (0.0, 0.8):
                _tell(nights, columns=columns, phi=phi, shared=shared)


def _tell(nights: int, *, columns: int, phi: float, shared: float) -> None:
    if columns == 1 and shared:
        return
    random = np.random.default_rng(columns + int(100 * phi))
    began = time.process_time()
    found = [_night(random, columns=columns, phi=phi, shared=shared) for _ in range(nights)]
    rung = np.mean([any(each.p_value < ASSURANCE for each in of) for of in found])
    single = np.mean([any(each.p_value < ASSURANCE * (columns + 1) for each in of) for of in found])
    retrains = np.mean([any(each.beyond(_LIMIT) for each in of) for of in found])
    error = np.sqrt(ASSURANCE * (1 - ASSURANCE) / nights)
    print(  # noqa: T201
        f"{columns:2d} columns and the errors, neighbours correlated by {phi:.2f}, columns by {shared:.1f}: "
        f"rings in {rung:.2%} of {nights} nights (1 % is held to, ± {error:.2%}), beyond {_LIMIT} as well in "
        f"{retrains:.2%}; each column by itself would ring in {single:.2%}; "
        f"{(time.process_time() - began) / nights * 1000:.0f} ms a night"
    )


def _night(random: np.random.Generator, *, columns: int, phi: float, shared: float) -> list:
    common = _wave(random, _TRAINING + _GAP, phi=phi)
    recent = recent_steps(_TRAINING, season=1)
    found = []
    for column in range(columns):
        own = _wave(random, _TRAINING + _GAP, phi=phi)
        values = (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)[np.newaxis]
        found.append(drift(str(column), values[:, :_TRAINING], values[:, -recent:], columns=columns + 1))
    errors = np.abs(_wave(random, _ERRORS, phi=min(phi, 0.6)))[np.newaxis]
    late = recent_steps(int(_ERRORS * 10 / 11), season=1)
    found.append(drift(ERROR, errors[:, :-late], errors[:, -late:], columns=columns + 1, one_sided=True))
    return [each for each in found if each is not None]


def _wave(random: np.random.Generator, count: int, *, phi: float) -> np.ndarray:
    """An autoregressive series in its stationary state."""
    from scipy.signal import lfilter

    noise = random.normal(size=count + 200)
    return np.asarray(lfilter([1.0], [1.0, -phi], noise)[200:])


if __name__ == "__main__":
    main()
