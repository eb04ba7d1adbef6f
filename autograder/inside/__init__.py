"""What runs inside the sandbox, beside the student's code.

The sandbox sees this folder and `nextword`, and nothing else of ours: no check, no solution. So the
modules here import the standard library, IPython and each other only, by their bare names.
"""
