"""Checks of assignment 04, a recurrent language model."""
