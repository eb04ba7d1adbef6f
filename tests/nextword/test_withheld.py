"""What an assignment asks for cannot be imported there, by any of its names."""

import subprocess
import sys

TRIED = """
import sys
import nextword.pictures.surface_drawing  # has imported it before
from nextword.withheld import WithheldError, withhold
withhold("nextword.dynamics")
withhold("nextword.dynamics")
for statement in (
    "import nextword.dynamics",
    "from nextword import dynamics",
    "import nextword.dynamics.one_unit as unit",
    "from nextword.dynamics.one_unit import ErrorSurface",
    "from nextword.one_unit import ErrorSurface",
    "import importlib; importlib.import_module('nextword.dynamics.tasks')",
):
    try:
        exec(statement)
    except WithheldError as error:
        assert "holds what the assignment asks you to write" in str(error), error
    else:
        raise AssertionError(statement)
from nextword.models.ngram import AddDelta
import nextword.pictures.plots
print("done")
"""


def test_no_name_of_what_is_withheld_can_be_imported_and_the_rest_can():
    run = subprocess.run([sys.executable, "-c", TRIED], capture_output=True, text=True, check=False)
    assert run.stdout == "done\n", run.stderr
