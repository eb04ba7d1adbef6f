"""Checks of assignment 06."""
