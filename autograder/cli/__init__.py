"""The command line: what staff type, what it does, and what they read in the terminal."""
