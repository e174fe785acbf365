"""What the shell offers to complete."""

from __future__ import annotations


def pipelines_like(incomplete: str) -> list[str]:
    """The pipelines of the pipeline file whose name begins so; none where the file is not there."""
    from daycast.storage.config.pipeline_file import load_pipelines
    from daycast.storage.config.settings import Settings
    from daycast.storage.terms.errors import DaycastError

    try:
        names = load_pipelines(Settings().pipelines)
    except DaycastError:
        return []
    return [name for name in names if name.startswith(incomplete)]
