"""The course as a site: `python -m publishing site`, or `make site`.

The pages are the course's own files, read where they lie: lectures, assignments as released, the
guides in `docs/`, and the docstrings of `nextword`. Only what binds them together is written here.
`solutions/` is never read.
"""
