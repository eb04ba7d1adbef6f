"""What is said of each thing that keeps a sandbox from being built."""

from pathlib import Path

import pytest

from autograder.sandbox import obstacles as module
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.obstacles import obstacles

SYSTEM = Bubblewrap(Path("/usr/bin/bwrap"), "bubblewrap 0.8.0", packaged=False)
PACKAGED = Bubblewrap(Path("/course/.venv/bwrap"), "bubblewrap 0.11.0", packaged=True)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return what is said on a machine with these files."""

    def said(found=SYSTEM, system="Linux", architecture="x86_64", **files):
        monkeypatch.setattr(module.platform, "system", lambda: system)
        monkeypatch.setattr(module.platform, "machine", lambda: architecture)
        for name, content in files.items():
            path = tmp_path / WHERE[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return obstacles(found, tmp_path)

    return said


WHERE = {
    "clone": "proc/sys/kernel/unprivileged_userns_clone",
    "most": "proc/sys/user/max_user_namespaces",
    "app_armor": "proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "docker": ".dockerenv",
    "podman": "run/.containerenv",
}
ALLOWING = {"clone": "1\n", "most": "15000\n", "app_armor": "0\n"}


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_elsewhere_than_on_linux_it_is_the_container(machine, system):
    (only,) = machine(None, system=system)
    assert "Containerfile" in only.advice
    assert "apt" not in only.advice


@pytest.mark.parametrize("architecture", ["riscv64", "ppc64le", "x86_64"])
def test_without_any_bubblewrap_it_is_how_to_get_one(machine, architecture):
    (only,) = machine(None, architecture=architecture, most="0")
    assert architecture in only.advice
    assert "x86-64 and aarch64" in only.advice
    assert "apt install bubblewrap" in only.advice
    assert only.command == 'pip install -c constraints.txt -e ".[staff]"'


@pytest.mark.parametrize(
    ("setting", "command"),
    [
        ("clone", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ("most", "sudo sysctl -w user.max_user_namespaces=15000"),
    ],
)
def test_user_namespaces_that_are_switched_off_are_told_with_the_switch(machine, setting, command):
    (only,) = machine(**(ALLOWING | {setting: "0\n"}))
    assert "switched off" in only.advice
    assert only.command == command


def test_app_armor_wants_a_profile_for_the_path_that_runs(machine):
    (only,) = machine(PACKAGED, **(ALLOWING | {"app_armor": "1\n"}))
    assert "A profile for /course/.venv/bwrap" in only.advice
    assert "apt install bubblewrap" in only.advice, "only root can change the system's"
    assert 'profile autograder-bwrap "/course/.venv/bwrap" flags=(unconfined) { userns, }' in (
        only.command
    )
    assert only.command.endswith("apparmor_parser -r /etc/apparmor.d/autograder-bwrap")


def test_app_armor_and_the_systems_bubblewrap_need_no_second_one(machine):
    (only,) = machine(SYSTEM, **(ALLOWING | {"app_armor": "1\n"}))
    assert "A profile for /usr/bin/bwrap" in only.advice
    assert "apt install" not in only.advice


@pytest.mark.parametrize("container", ["docker", "podman"])
def test_a_container_is_told_how_it_has_to_be_started(machine, container):
    (only,) = machine(**(ALLOWING | {container: ""}))
    for option in ("unmask=ALL", "systempaths=unconfined", "seccomp=unconfined"):
        assert option in only.advice


def test_all_that_stands_in_the_way_is_told(machine):
    switch, profile, container = machine(clone="0", app_armor="1", docker="")
    assert "switched off" in switch.advice
    assert "AppArmor" in profile.advice
    assert "container" in container.advice


def test_where_nothing_is_found_it_says_so(machine):
    (only,) = machine(**ALLOWING)
    assert "nothing that usually stands in the way was found" in only.advice
    assert "docs/isolation.md" in only.advice
