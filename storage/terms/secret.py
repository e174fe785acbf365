"""What a variable of the environment holds that nobody else may read: the pipeline file only names it."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def secret(variable: str) -> str | None:
    """The value of a variable of the environment; none where it is not set, or empty."""

    class One(BaseSettings):
        model_config = SettingsConfigDict(case_sensitive=True, extra="ignore")

        value: SecretStr = Field(default=SecretStr(""), validation_alias=variable)

    return One().value.get_secret_value() or None
