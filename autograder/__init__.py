"""A grader for notebooks, of any course.

Its rooms tell the life of a question: `authoring`, `judging`, the `sandbox` with its `guest`, the
`classroom`, `proving`, and the command line, `cli`. docs/architecture.md walks through them.
"""
