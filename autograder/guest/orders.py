"""What a warm process is told while a child of it runs."""

END = b"end"
WHERE = b"where"
