"""A JupyterHub on this machine's loopback for students and a grader who are no users of the system.

Everybody's server runs as whoever runs the test. bubblewrap shows each an ``/etc/passwd`` in which
that user has the student's name, as nbgrader's exchange asks the system who submits.
"""

import json
import os
import sys
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets.config import get_config

SETTINGS = json.loads(Path(os.environ["NEXTWORD_HUB"]).read_text())
FOLDER = Path(SETTINGS["folder"])
PUBLIC, HUB, PROXY = (f"http://127.0.0.1:{port}" for port in SETTINGS["ports"])
GRADER = "tea"
PROGRAMS = Path(sys.executable).parent


class NamedSpawner(SimpleLocalProcessSpawner):
    """Starts a user's server where the system calls its user by the hub's name."""

    def _passwd(self):
        path = FOLDER / "passwd" / self.user.name
        path.parent.mkdir(exist_ok=True)
        home = self.home_dir
        path.write_text(f"{self.user.name}:x:{os.getuid()}:{os.getgid()}::{home}:/bin/sh\n")
        return path

    def get_env(self):
        """Return a user's environment: nbgrader's settings, and the grader's class."""
        environment = super().get_env()
        environment["PATH"] = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        environment["JUPYTER_CONFIG_PATH"] = str(FOLDER / "etc")
        if self.user.name == GRADER:
            environment["NEXTWORD_CLASS"] = SETTINGS["class"]
        return environment

    @property
    def cmd(self):
        """Return what is run."""
        walls = [SETTINGS["bwrap"], "--dev-bind", "/", "/", "--die-with-parent"]
        passwd = ["--ro-bind", str(self._passwd()), "/etc/passwd"]
        return [*walls, *passwd, "--", str(PROGRAMS / "jupyterhub-singleuser")]


c = get_config()
c.JupyterHub.bind_url = PUBLIC
c.JupyterHub.hub_bind_url = HUB
c.JupyterHub.db_url = f"sqlite:///{FOLDER / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(FOLDER / "cookie_secret")
c.JupyterHub.pid_file = str(FOLDER / "hub.pid")
c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = True
c.ConfigurableHTTPProxy.command = [SETTINGS["proxy"]]
c.ConfigurableHTTPProxy.api_url = PROXY
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "proxy.pid")
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = SETTINGS["password"]
c.Authenticator.allowed_users = {"ada", "bob", GRADER}
c.JupyterHub.spawner_class = NamedSpawner
c.SimpleLocalProcessSpawner.home_dir_template = str(FOLDER / "home" / "{username}")
c.Spawner.args = ["--allow-root"]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
