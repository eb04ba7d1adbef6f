"""The library that students of Next Word import."""
