"""Checks of assignment 02, log-linear models, flow graphs and gradient checks."""
