"""Generated daily prices: returns whose volatility comes in clusters, and bars around them."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from daycast.storage.feeds.sample.noise import noise, share, smooth

_EPOCH = pd.Timestamp(datetime(1998, 1, 1, tzinfo=UTC))
_DRIFT = 0.0003
_FRIDAY = 4


def prices(symbol: str, days: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    """Bars of some days, each shape ``(days,)``.

    The path runs over every weekday; a day that the calendar leaves out adds its move to the next session, as it does
    on an exchange.

    Args:
        symbol: names the path.
        days: 00:00 UTC of each.
    """
    place = (days - _EPOCH) // pd.Timedelta(days=1)
    count = int(place.max()) + 1
    weekday = (np.arange(count) + _EPOCH.weekday()) % 7 <= _FRIDAY
    calm = 0.008 + 0.008 * share(symbol)
    volatility = calm * np.exp(0.4 * smooth(noise(f"{symbol}/volatility", count), keep=0.97))
    returns = np.where(weekday, _DRIFT + volatility * noise(f"{symbol}/return", count), 0.0)
    path = np.log(20 + 80 * share(f"{symbol}/level")) + np.cumsum(returns)
    return _bars(symbol, path, volatility, place=place.to_numpy())


def _bars(symbol: str, path: np.ndarray, volatility: np.ndarray, *, place: np.ndarray) -> dict[str, np.ndarray]:
    count = len(path)
    close, before = path[place], path[place - 1]
    opened = before + 0.3 * volatility[place] * noise(f"{symbol}/open", count)[place]
    up = 0.5 * volatility[place] * np.abs(noise(f"{symbol}/high", count)[place])
    down = 0.5 * volatility[place] * np.abs(noise(f"{symbol}/low", count)[place])
    busy = smooth(noise(f"{symbol}/volume", count), keep=0.8)[place]
    bars = {
        "open": np.exp(opened),
        "high": np.exp(np.maximum(opened, close) + up),
        "low": np.exp(np.minimum(opened, close) - down),
        "close": np.exp(close),
    }
    bars = {name: np.round(values, 4) for name, values in bars.items()}
    volume = np.round(1e7 * np.exp(0.3 * busy) * volatility[place] / 0.012)
    return {**bars, "adj_close": bars["close"].copy(), "volume": volume}
