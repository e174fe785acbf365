"""A table of the pipeline file: frozen once it is read, and an unknown key is an error."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """What every table is."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
