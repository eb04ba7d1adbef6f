"""What staff of Next Word run: release, grading, judge, reports."""
