"""How long a test waits for what has to come, before it gives up as it would hang otherwise."""

PATIENCE = 600
"""Seconds. They say nothing of how fast anything is: a busy machine is no fault of what is waited
for."""
