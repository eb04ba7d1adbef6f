"""What runs inside the sandbox, beside the student's code, and is therefore trusted by nobody.

The kernel in which a student's code runs is a *witness*. It calls the student's function on inputs
that were laid ready for this class, and says what came back: the evidence. It knows no right
answer; a judge outside compares.

The sandbox sees this room, and nothing else of the grader: no check, no solution. So the modules
here import the standard library, numpy, IPython and each other only.
"""
