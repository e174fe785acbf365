"""The upkeep flow: it says in Prefect what it removed, and fails where a stored file is not the one that was saved."""

import os
import time
from unittest.mock import patch
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter
from prefect.client.schemas.sorting import ArtifactSort
from prefect.states import Completed

from daycast.flows.upkeep import upkeep
from tests.places import Place

pytestmark = pytest.mark.usefixtures("prefect_server")


def kept_up(place: Place, **keep: float):
    """The state in which the flow ends, run at a place."""
    with patch.dict(os.environ, place.environment):
        return upkeep(**keep, return_state=True)


def newest_page() -> str:
    keyed = ArtifactFilter.model_validate({"key": {"any_": ["upkeep"]}})
    with get_client(sync_client=True) as client:
        return str(client.read_artifacts(artifact_filter=keyed, sort=ArtifactSort.CREATED_DESC)[0].data)


def test_what_is_needed_stays_and_is_verified(trained):
    files, rows = trained.files(), trained.tables()
    state = kept_up(trained)
    assert state.is_completed(), state.message
    (version,) = (row["version"] for row in trained.table("model_versions"))
    verified = [name for name in files if name.startswith(f"models/mine/{version}/")]
    assert state.message == f"0 versions removed, {len(verified)} files verified"
    assert f"| model files verified | {len(verified)} |" in newest_page()
    assert "| model versions removed | 0 |" in newest_page()
    assert trained.tables() == rows
    assert {name for name in files if name.startswith("models/")} <= set(trained.files())


def test_a_file_that_is_not_as_it_was_saved_fails_the_run_and_is_named(trained):
    (version,) = (row["version"] for row in trained.table("model_versions"))
    model = trained.root / "data" / "models" / "mine" / version / "model.keras"
    model.write_bytes(model.read_bytes() + b"\n")
    state = kept_up(trained)
    assert state.is_failed()
    assert "Stored files are not as they were saved" in state.message
    assert "model.keras" in state.message
    assert state.message.endswith("See: daycast models verify")
    assert "| model files that are not as they were saved | 1 |" in newest_page()


@pytest.mark.slow
def test_prefects_own_records_of_long_ago_are_forgotten(trained):
    def ended() -> UUID:
        with get_client(sync_client=True) as client:
            run = client.create_flow_run(upkeep, state=Completed()).id
            client.create_artifact(ArtifactCreate(key="of-run", flow_run_id=run, data=f"{run}"))
            return run

    old = ended()
    time.sleep(5)
    young = ended()
    assert kept_up(trained, keep_prefect_days=5 / 86_400).is_completed()
    with get_client(sync_client=True) as client:
        left = {run.id for run in client.read_flow_runs()}
        reported = {artifact.flow_run_id for artifact in client.read_artifacts()}
    assert young in left & reported
    assert old not in left | reported
