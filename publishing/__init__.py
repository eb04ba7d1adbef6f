"""What is made of the course for others to look at: decks of slides, and a site.

It reads notebooks, and is known to nobody: neither to `nextword`, which students import, nor to
`autograder`, which is of any course.
"""
