"""Experiments that take hours, as programs that may be stopped and go on."""
