"""Experiments that take hours, as programs that may be stopped and go on.

Cells are trained beside one another, so each keeps to one thread. It has to be said before numpy is
imported, which is here; whoever has set the variable knows better.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
