"""The environment, read once, in the flow."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where daycast keeps things.

    Attributes:
        storage: a folder, or an fsspec URL, for the lake, the models and the reports (``DAYCAST_STORAGE``).
        database_url: a SQLAlchemy URL (``DAYCAST_DATABASE_URL``); by default SQLite in the storage folder.
        pipelines: the pipeline file (``DAYCAST_PIPELINES``).
        dask: where the work of shards is done (``DAYCAST_DASK``): nothing is this process, ``local:N`` a Dask cluster
            of N workers on this machine for as long as a run takes, ``tcp://…`` a scheduler that exists already.
        alerts: an Apprise URL at which people are called (``DAYCAST_ALERTS``); none calls nobody.
    """

    model_config = SettingsConfigDict(env_prefix="DAYCAST_", frozen=True, extra="ignore")

    storage: str = "storage/data"
    database_url: SecretStr | None = None
    pipelines: Path = Path(__file__).parents[2] / "flows" / "pipelines.toml"
    dask: str = ""
    alerts: SecretStr | None = None

    @property
    def database(self) -> str:
        """The database's URL, the default filled in.

        An fsspec URL cannot hold a SQLite file, so that then the default lies in the working folder.
        """
        if self.database_url:
            return self.database_url.get_secret_value()
        folder = "storage/data" if "://" in self.storage else self.storage
        return f"sqlite:///{Path(folder).absolute() / 'daycast.sqlite'}"
