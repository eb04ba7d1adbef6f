"""What is made of the course for others to look at: decks of slides out of the lectures.

It reads notebooks, and is known to nobody: neither to `nextword`, which students import, nor to
`autograder`, which is of any course.
"""
