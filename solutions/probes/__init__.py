"""What the checks of this course ask in ways of their own. It travels into the sandbox."""
