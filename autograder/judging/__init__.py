"""How a question's exam is drawn, and how evidence becomes a verdict.

What comes in is what an author wrote, and evidence, which is data in a closed format that nobody
has to trust. Nothing here runs a student's code, or knows where marks are kept.
"""
