"""Where student code runs: a function from (staged notebook, inputs, limits) to evidence.

Sandboxes, the processes in them, and what sends notebooks there. It touches no class folder and no
gradebook, so it runs in any process of any machine.
"""
