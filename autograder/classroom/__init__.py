"""A class: what students submitted, and what is made and kept of it.

A submission comes in as a file that can be anything; it is staged, run in a sandbox, judged, and
recorded. What goes out is a record in nbgrader's gradebook, feedback pages and reports.
"""
