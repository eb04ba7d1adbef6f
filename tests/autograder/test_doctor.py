import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from autograder.classroom.class_folder import ClassFolder
from autograder.cli import commands, doctor
from autograder.cli.doctor import Symptom, examine
from autograder.sandbox import isolation
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.isolation import safe_mode, trusted_mode
from autograder.sandbox.obstacles import Obstacle
from autograder.sandbox.run import Mode
from autograder.sandbox.sandbox import NoSandbox, bubblewrap


def found(folder, workers=2):
    return {symptom.what: symptom for symptom in examine(folder, workers)}


@pytest.mark.needs_sandbox
def test_a_sound_machine_has_nothing_serious(tmp_path):
    symptoms = found(ClassFolder(tmp_path / "class"))
    assert not [symptom for symptom in symptoms.values() if symptom.serious]
    assert f"works: {bubblewrap()}" in symptoms["sandbox"].found
    assert "grading makes it" in symptoms["gradebook"].found


def test_where_no_sandbox_can_be_built_all_obstacles_are_told_and_it_is_serious(
    tmp_path, monkeypatch
):
    tried = Bubblewrap(Path("/usr/bin/bwrap"), "bubblewrap 0.8.0", packaged=False)
    switch, box = Obstacle("switched off", "sudo sysctl -w x=1"), Obstacle("a container")
    monkeypatch.setattr(doctor, "sandbox_problem", lambda: "bwrap: Operation not permitted")
    monkeypatch.setattr(doctor, "bubblewrap", lambda: tried)
    monkeypatch.setattr(doctor, "obstacles", {tried: [switch, box]}.__getitem__)
    symptoms = found(ClassFolder(tmp_path))
    assert symptoms["sandbox"] == Symptom(
        "sandbox",
        f"bwrap: Operation not permitted ({tried})",
        "switched off;\na container",
        ("sudo sysctl -w x=1",),
        serious=True,
    )
    assert "warm mode" not in symptoms


@pytest.mark.needs_sandbox  # the machine is one without user namespaces, made by them
def test_a_machine_without_user_namespaces_is_told_which_switch(tmp_path):
    switched_off = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    doctor = [sys.executable, "-m", "autograder", "doctor", "--class", tmp_path / "class"]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", switched_off, "sh", *doctor],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "500"},
    )
    assert done.returncode == 1, done.stderr
    assert "user namespaces are switched off (user.max_user_namespaces is 0)" in done.stdout
    assert "To type: sudo sysctl -w user.max_user_namespaces=15000" in done.stdout.splitlines()


def test_what_is_to_be_typed_can_be_copied_from_a_narrow_terminal(class_folder, monkeypatch):
    long = "sudo something " + "that is long " * 20 + "[bold]"
    monkeypatch.setattr(
        commands, "examine", lambda *_: [Symptom("sandbox", "none", "type it", (long,))]
    )
    narrow = Console(file=io.StringIO(), width=40)
    monkeypatch.setattr(commands, "console", narrow)
    commands.diagnose(class_folder.path, 2)
    assert narrow.file.getvalue().splitlines()[-1] == f"To type: {long}"


def test_a_damaged_gradebook_and_secret_are_serious(class_folder):
    class_folder.gradebook_path.write_bytes(b"random bytes" * 99)
    (class_folder.path / "secret.json").write_text("[]")
    symptoms = found(class_folder)
    assert symptoms["gradebook"].serious
    assert symptoms["secret"].serious


def test_a_secret_that_others_can_read_is_told(class_folder):
    (class_folder.path / "secret.json").chmod(0o644)
    assert "chmod 600" in found(class_folder)["secret"].advice


def test_too_many_workers_for_the_memory_are_told(tmp_path):
    many = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**30
    assert "--workers" in found(ClassFolder(tmp_path), many)["memory"].advice


@pytest.mark.parametrize(
    ("sandbox", "confinement", "mode"),
    [(None, None, Mode.WARM), (None, "unshare: not permitted", Mode.COLD)],
)
def test_the_fastest_safe_mode_is_chosen(monkeypatch, sandbox, confinement, mode):
    monkeypatch.setattr(isolation, "sandbox_problem", lambda: sandbox)
    monkeypatch.setattr(isolation, "confinement_problem", lambda: confinement)
    assert safe_mode() is trusted_mode() is mode


def test_without_isolation_only_trusted_code_is_run(monkeypatch):
    for problem in ("sandbox_problem", "confinement_problem"):
        monkeypatch.setattr(isolation, problem, lambda: "bubblewrap is not installed")
    assert trusted_mode() is Mode.OPEN
    with pytest.raises(NoSandbox, match="autograder doctor"):
        safe_mode()


def test_a_class_folder_that_others_can_read_is_told(class_folder):
    assert found(class_folder)["class folder"].advice == ""
    class_folder.path.chmod(0o755)
    assert f"chmod 700 {class_folder.path}" in found(class_folder)["class folder"].advice


def test_a_class_folder_that_has_been_an_exchange_is_told(class_folder):
    (class_folder.path / "101" / "outbound").mkdir(parents=True)
    advice = found(class_folder)["class folder"].advice
    assert advice == f"move 101 from it into {class_folder.exchange}"


@pytest.mark.parametrize(
    ("said", "advised"), [("1\n", False), ("0\n", True), (None, True), ("unreadable", True)]
)
def test_where_submissions_can_slow_each_other_down_it_is_told(
    tmp_path, monkeypatch, said, advised
):
    switch = tmp_path / "sched_autogroup_enabled"
    if said == "unreadable":
        switch.mkdir()
    elif said is not None:
        switch.write_text(said)
    monkeypatch.setattr(doctor, "_FAIR_SHARE", switch)
    symptom = found(ClassFolder(tmp_path / "class"))["processors"]
    assert bool(symptom.advice) is advised
    switched_on = ("sudo sysctl -w kernel.sched_autogroup_enabled=1",)
    assert symptom.commands == (switched_on if said == "0\n" else ())
    assert not symptom.serious
