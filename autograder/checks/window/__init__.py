"""The checks of assignment 03."""
