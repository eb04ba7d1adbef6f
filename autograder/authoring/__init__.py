"""What an author writes, and what is made of it.

A course's folder, its notebooks and their texts, the conventions of their cells, the reference that
is read out of them, checks with alternative solutions and mistakes, and the release that students
get. It knows nothing of classes and submissions.
"""
