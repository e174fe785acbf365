"""Countries and parts of them whose public holidays are known: ``DE``, ``DE-BY``."""

import difflib
from collections.abc import Iterable
from datetime import date
from functools import cache

from daycast.storage.terms.text import listed


@cache
def require_country(code: str) -> None:
    """Hold a code to being one of those that the package ``holidays`` knows, which is loaded for it.

    Args:
        code: of ISO 3166-1, two letters, or of ISO 3166-2 where the part of a country has holidays of its own.

    Raises:
        ValueError: it is none; the message offers the nearest.
    """
    import holidays
    from holidays.registry import COUNTRIES, EntityLoader

    country, dash, part = code.partition("-")
    countries = set(EntityLoader.get_country_codes(include_aliases=False))
    if country not in countries:
        near = difflib.get_close_matches(country.lower(), called := _called(COUNTRIES.values()), n=1, cutoff=0.8)
        hint = f" Did you mean {called[near[0]]!r}?" if near else ""
        raise ValueError(
            "holiday takes a country of two letters, such as holiday:DE, of which the package holidays knows the days. "
            f"Received: {code!r}.{hint}"
        )
    parts = holidays.country_holidays(country).subdivisions
    if dash and part not in parts:
        there = f"{country} has {listed(sorted(parts))}" if parts else f"{country} has none"
        raise ValueError(
            f"holiday takes a part of a country, such as DE-BY, that has its own; {there}. Received: {code!r}"
        )


def holidays_of(code: str, *, years: Iterable[int]) -> list[date]:
    """The public holidays of some years, ascending, days that stand in for one on a weekend among them.

    Args:
        code: what :func:`require_country` let through.
        years: of the calendar.
    """
    import holidays

    country, _, part = code.partition("-")
    return sorted(holidays.country_holidays(country, subdiv=part or None, years=years))


def _called(rows: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Everything that a country is called, in small letters, and its code."""
    return {name.lower(): row[1] for row in rows for name in row}
