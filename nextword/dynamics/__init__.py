"""What happens along time: orbits, error surfaces, Jacobians, drift, and tasks of long memory."""
