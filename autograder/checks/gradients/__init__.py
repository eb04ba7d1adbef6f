"""Checks of assignment 05, why gradients vanish and explode."""
