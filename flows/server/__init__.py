"""Prefect as daycast runs it: the server, deployments with their schedules, automations, what starts runs.

No flow lives here, and no flow imports from here.
"""
