"""What a warm process and the grader say to one another, besides frames."""

MAX_BYTES = 1 << 16
"""Of an order, of a report, and of a child's reply to `WHERE`."""
END = b"end"
WHERE = b"where"
TORCH = b"torch"
"""Not for a child: what is to come needs torch."""
"""Orders while a child runs."""
