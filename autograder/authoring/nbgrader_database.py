"""An empty database of nbgrader's, made without the programs that nbgrader would start for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.dbutil import ALEMBIC_DIR


def write_database(path: Path) -> None:
    """Write a database with all of nbgrader's tables and their version, and nothing in them.

    nbgrader starts two programs, which takes seconds, where it finds no version.

    Parameters
    ----------
    path
        Where: there is no file yet.

    Raises
    ------
    sqlalchemy.exc.DatabaseError, sqlite3.DatabaseError
        It cannot be written.
    """
    from alembic.script import ScriptDirectory  # is slow to import, and rarely needed

    version = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (version,))
        database.commit()
    Gradebook(f"sqlite:///{path}").close()
