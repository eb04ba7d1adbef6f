"""Checks of assignment 01, counting."""
