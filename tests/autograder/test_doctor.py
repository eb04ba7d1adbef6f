import os

import pytest

from autograder import doctor
from autograder.class_folder import ClassFolder
from autograder.doctor import examine
from autograder.engine import isolation
from autograder.engine.isolation import safe_mode, trusted_mode
from autograder.engine.run import Mode
from autograder.engine.sandbox import NoSandbox


def found(folder, workers=2):
    return {symptom.what: symptom for symptom in examine(folder, workers)}


def test_a_sound_machine_has_nothing_serious(tmp_path):
    symptoms = found(ClassFolder(tmp_path / "class"))
    assert not [symptom for symptom in symptoms.values() if symptom.serious]
    assert "bubblewrap works" in symptoms["sandbox"].found
    assert "grading makes it" in symptoms["gradebook"].found


def test_a_machine_without_bubblewrap_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "sandbox_problem", lambda: "bubblewrap (bwrap) is not installed")
    sandbox = found(ClassFolder(tmp_path))["sandbox"]
    assert sandbox.serious
    assert "apt install bubblewrap" in sandbox.advice


def test_a_machine_without_user_namespaces_is_told_which_switch(tmp_path, monkeypatch):
    words = "bwrap: No permissions to create new namespace: Operation not permitted"
    monkeypatch.setattr(doctor, "sandbox_problem", lambda: words)
    assert "unprivileged_userns_clone" in found(ClassFolder(tmp_path))["sandbox"].advice


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
