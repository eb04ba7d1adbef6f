# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 01: Averages
#
# Two short functions. The cell below each of them holds *visible tests*: small examples that you can check by hand. When
# you submit, your function is called on values that you have not seen.
#
# * *Do not change your inputs.* They are looked at after the call.
# * Write a function in any way that runs here: loops, numpy, helpers of your own in the same cell.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import numpy as np

# %% [markdown]
# ## 1. The mean
#
# $$\bar x = \frac{1}{n} \sum_{i=1}^{n} x_i$$
#
# **Write `mean(values)`**, which returns the mean of a list of numbers.
#
# * No values have no mean: an empty list raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "mean", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean(values: list[float]) -> float:
    """Return the mean of some numbers."""
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("no values have no mean")
    return math.fsum(values) / len(values)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "mean-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
result = mean([1.0, 2.0, 6.0])
assert result == 3.0, f"1 + 2 + 6 is 9, a third of it is 3, not {result}"

# %% nbgrader={"grade": true, "grade_id": "mean-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: lists of numbers, and no values.
### BEGIN HIDDEN TESTS
# collect mean
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The variance
#
# $$s^2 = \frac{1}{n} \sum_{i=1}^{n} (x_i - \bar x)^2$$
#
# **Write `variance(values)`**, which returns the mean of the squared distances from the mean.
#
# * The sum is divided by the number of values, as in the formula.
# * One value has the variance 0; no values raise `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "variance", "locked": false, "schema_version": 3, "solution": true, "task": false}
def variance(values: list[float]) -> float:
    """Return the mean of the squared distances of some numbers from their mean."""
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("no values have no variance")
    middle = math.fsum(values) / len(values)
    return math.fsum((value - middle) ** 2 for value in values) / len(values)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "variance-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
result = variance([1.0, 5.0])
assert result == 4.0, f"the mean is 3, both are 2 away, so the variance is 4, not {result}"

# %% nbgrader={"grade": true, "grade_id": "variance-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: lists of numbers, one value, and no values.
### BEGIN HIDDEN TESTS
# collect variance
### END HIDDEN TESTS
