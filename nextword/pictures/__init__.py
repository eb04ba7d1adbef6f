"""All drawing: one style for every figure, readable from the back of a hall."""
