"""The library that students of Next Word import.

Its rooms, each of which imports only from those after it: `experiments` and `pictures`, `dynamics`,
`models`, `learning`, `text`, `corpora` and `grammar`. Notebooks that are out import modules by the
places where they stood before there were rooms; `earlier_names` keeps those working.
"""

from nextword import earlier_names

earlier_names.install()
