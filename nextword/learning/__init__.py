"""How networks learn: gradients in flow graphs, the training loop, and its progress."""
