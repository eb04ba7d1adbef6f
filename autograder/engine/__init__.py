"""How staged notebooks are run: in sandboxes, warm or cold, here or on a cluster."""
