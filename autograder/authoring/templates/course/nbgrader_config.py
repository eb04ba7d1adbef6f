"""nbgrader reads this in the course's folder. The class folder is NEXTWORD_CLASS, or class/."""

import os
from pathlib import Path

from autograder.classroom.nbgrader_setup import configure

ROOT = Path(__file__).resolve().parent
configure(get_config(), ROOT, (ROOT / os.environ.get("NEXTWORD_CLASS", "class")).resolve())
