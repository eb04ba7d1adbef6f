"""The checks: one package an assignment, one module a question."""
