# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 01 Averages
#
# Throw a die often enough, and the average of all throws settles. On what, and how fast?

# %% slideshow={"slide_type": "skip"}
import matplotlib.pyplot as plt
import numpy as np

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The mean
#
# $$\bar x = \frac{1}{n} \sum_{i=1}^{n} x_i$$
#
# It is the number from which the distances to all values cancel.

# %% slideshow={"slide_type": "slide"}
throws = np.random.default_rng(0).integers(1, 7, size=2_000)
so_far = np.cumsum(throws) / np.arange(1, len(throws) + 1)

figure, axis = plt.subplots(figsize=(8, 4))
axis.plot(so_far)
axis.axhline(3.5, color="black", linestyle=":")
axis.set_xlabel("throws")
axis.set_ylabel("average so far")
axis.set_xscale("log")
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far is a value from the mean?
#
# $$s^2 = \frac{1}{n} \sum_{i=1}^{n} (x_i - \bar x)^2$$
#
# The **variance** is the mean of the squared distances. Without the squares they would cancel.
