"""Automations of the Prefect server: runs whose process died are marked, and people are called when they are needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cronsim import CronSim
from prefect.automations import AutomationCore, ChangeFlowRunState, EventTrigger, Posture, SendNotification
from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.schemas.automations import TriggerTypes

from daycast.flows.server.deployments import TAG
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.schedule import Schedule

BLOCK = "daycast-alerts"
"""The notification block; its address can be changed in the Prefect UI too."""

_PREFIX = "daycast: "
_OURS: Any = {"prefect.resource.id": f"prefect.tag.{TAG}", "prefect.resource.role": "tag"}
_QUIET = ("Completed", "Degraded", "Failed", "Cancelled", "Crashed", "AwaitingRetry")
"""States after which no heartbeat is due."""
_AGAIN = (
    "{% set asked = flow_run.parameters %}daycast "
    "{% if asked.first %}backfill {{ asked.pipeline }} --from {{ asked.first }} --to {{ asked.last }}"
    "{% elif asked.pipeline %}run {{ asked.pipeline }}"
    "{% else %}models verify{% endif %}"
    "{% if asked.sample %} --sample{% endif %}"
)
"""The command, as a template, that does again what a run was to do; for the upkeep flow the one that looks closer."""
_GRACE = timedelta(hours=2)
"""How much later than its schedule a good run may be."""


def apply_automations(
    pipelines: Iterable[AnyPipeline], *, alerts: str | None, silent_after: timedelta, sample: bool = False
) -> list[str]:
    """Create the automations, or bring them up to date; those of pipelines that are gone are removed.

    Args:
        pipelines: as the pipeline file has them.
        alerts: an Apprise URL; none creates no alerts.
        silent_after: a run that has sent no heartbeat for this long is marked as crashed; three times the heartbeat's
            frequency at least.
        sample: they run on generated data, and so under other names.

    Returns:
        Their names.
    """
    wanted = [_zombies(silent_after)]
    if alerts:
        block = _block(alerts)
        wanted += [_ended_badly(block), _skill(block), _coverage(block), _drift(block)]
        wanted += [
            _overdue(spec.as_sample().name if sample else spec.name, spec.schedule, block)
            for spec in pipelines
            if spec.schedule
        ]
    names = {automation.name: automation for automation in wanted}
    with get_client(sync_client=True) as client:
        known = {found.name: found.id for found in client.read_automations() if found.name.startswith(_PREFIX)}
        for name, automation in names.items():
            if name in known:
                client.update_automation(known[name], automation)
            else:
                client.create_automation(automation)
        for name in known.keys() - names.keys():
            client.delete_automation(known[name])
    return list(names)


def longest_wait(schedule: Schedule, *, after: datetime) -> timedelta:
    """The longest time between two runs in the year after an instant.

    >>> weekdays = Schedule(cron="30 18 * * 1-5", timezone="America/New_York")
    >>> longest_wait(weekdays, after=datetime(2026, 1, 1, tzinfo=UTC)) >= timedelta(days=3)
    True
    """
    runs = CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.timezone)))
    last, longest = next(runs), timedelta()
    for run in runs:
        longest = max(longest, run.astimezone(UTC) - last.astimezone(UTC))
        if last - after > timedelta(days=366) or longest > timedelta(days=366):
            return longest
        last = run
    return longest


def _block(url: str) -> UUID:
    # Prefect has no block of Apprise itself; this one hands every address that is not Slack's to Apprise as it is, and
    # is known to every Prefect server.
    return SlackWebhook(url=url).save(BLOCK, overwrite=True)  # type: ignore[arg-type, return-value]


def _zombies(silent_after: timedelta) -> AutomationCore:
    """A process that was killed cannot say so: its run would be "Running" for ever, and hold its pipeline's place."""
    heartbeat = "prefect.flow-run.heartbeat"
    trigger = EventTrigger(
        after={heartbeat},
        expect={heartbeat, *(f"prefect.flow-run.{state}" for state in _QUIET)},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related=_OURS,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=silent_after,
    )
    message = f"No sign of life for {silent_after}: its process is gone."
    action = ChangeFlowRunState(name="Crashed", state=StateType.CRASHED, message=message, force=False)
    return _automation("mark runs whose process died", trigger, action, about="Frees the pipeline's place.")


def _ended_badly(block: UUID) -> AutomationCore:
    trigger = EventTrigger(
        expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related=_OURS,
        posture=Posture.Reactive,
        threshold=1,
    )
    body = (
        "Pipeline: {{ flow_run.parameters.get('pipeline', flow_run.name) }}\n"
        "Run: {{ flow_run.name }}, {{ flow_run.state.name }}\n"
        "Reason: {{ flow_run.state.message }}\n"
        f"Next: daycast status; then {_AGAIN}\n"
        "{{ (flow_run|ui_url) or '' }}"
    )
    subject = "daycast: {{ flow_run.name }} {{ flow_run.state.name|lower }}"
    return _automation("a run failed or crashed", trigger, _notify(block, subject, body))


def _skill(block: UUID) -> AutomationCore:
    return _measured(block, event="daycast.skill.low", name="live skill is low", word="live skill is low")


def _coverage(block: UUID) -> AutomationCore:
    return _measured(block, event="daycast.coverage.off", name="coverage is off", word="the intervals' coverage is off")


def _drift(block: UUID) -> AutomationCore:
    return _measured(block, event="daycast.drift.high", name="inputs have drifted", word="its inputs have drifted")


def _measured(block: UUID, *, event: str, name: str, word: str) -> AutomationCore:
    trigger = EventTrigger(expect={event}, posture=Posture.Reactive, threshold=1)
    body = (
        "Pipeline: {{ event.resource.name }}\n"
        "Run: {{ event.payload.run }}\n"
        "Reason: {{ event.payload.reason }}\n"
        "Next: daycast status. The next run retrains by itself; to do it now: "
        "daycast run {{ event.resource.name }} --train retrain"
    )
    return _automation(name, trigger, _notify(block, f"daycast: {{{{ event.resource.name }}}}: {word}", body))


def _overdue(pipeline: str, schedule: Schedule, block: UUID) -> AutomationCore:
    within = longest_wait(schedule, after=datetime.now(UTC)) + _GRACE
    good = "daycast.run.succeeded"
    trigger = EventTrigger(
        expect={good},
        match={"prefect.resource.id": f"daycast.pipeline.{pipeline}"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )
    body = (
        f"Pipeline: {pipeline}\nRun: none since {within} or longer\n"
        f"Reason: no good run for longer than its schedule allows ({schedule.cron}, {schedule.timezone})\n"
        f"Next: daycast status; then daycast run {pipeline}"
    )
    return _automation(f"{pipeline} is overdue", trigger, _notify(block, f"daycast: {pipeline} is overdue", body))


def _notify(block: UUID, subject: str, body: str) -> SendNotification:
    return SendNotification(block_document_id=block, subject=subject, body=body)


def _automation(name: str, trigger: TriggerTypes, action: Any, *, about: str = "Calls a person.") -> AutomationCore:
    return AutomationCore(name=f"{_PREFIX}{name}", description=about, trigger=trigger, actions=[action])
