"""Whether the grading of a course can be trusted, shown by submissions whose scores are known."""
