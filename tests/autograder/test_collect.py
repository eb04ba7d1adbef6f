"""Submissions as Canvas, Moodle, Gradescope and the exchange give them, and as none should."""

import io
import json
import os
import stat
import zipfile

import pytest
from typer.testing import CliRunner

from autograder.classroom import incoming
from autograder.classroom.called_late import called_late
from autograder.classroom.class_file import read_class_file
from autograder.classroom.collecting import Collection, Fate, alike
from autograder.classroom.incoming import UnreadableSource, opened
from autograder.classroom.roster import BrokenRoster, Person, write_roster
from autograder.classroom.schemes import Scheme
from autograder.cli import app as cli

PEOPLE = (
    Person("ada", "Ada", "Lovelace", "ada@example.org", canvas_id="4711", sid="S1001"),
    Person("alan", "Alan", "Turing", "alan@example.org", canvas_id="4713", sid="S1003"),
    Person("grace", "Grace", "Hopper", "grace@example.org", canvas_id="4712", sid="S1002"),
    Person("zoe", "Zoë", "Đặng", "zoe@example.org"),
)
RULES = 'time_zone = "Europe/Zurich"\n'


@pytest.fixture
def zipped(tmp_path):
    """Return a function that writes a zip file: what holds a list is written as `ZipInfo`s."""

    def write(files, name="class.zip"):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in files if isinstance(files, list) else files.items():
                archive.writestr(member, content)
        return path

    return write


@pytest.fixture
def collection(tiny, class_folder):
    write_roster(class_folder, PEOPLE)
    return Collection(class_folder, tiny.assignment)


@pytest.fixture
def ruled(collection):
    def with_rules(text="", **facts):
        (collection.class_folder.path / "class.toml").write_text(RULES + text)
        rules = read_class_file(collection.class_folder)
        return Collection(collection.class_folder, collection.assignment, rules, **facts)

    return with_rules


def fates(collection, path, scheme=None):
    return [(each.student, each.fate) for each in collection.from_source(path, scheme)]


def test_what_claims_to_be_a_python_object_is_text(collection, zipped):
    listed = "a: {':submitters': !!python/object/apply:os.getcwd []}"
    path = zipped({"submission_metadata.yml": listed, "submission_1/tiny.ipynb": "a"})
    assert fates(collection, path) == [("", Fate.refused), ("", Fate.refused)]


def there(collection, student):
    folder = collection.class_folder.submitted("01_tiny", student)
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def aside(collection, student):
    folder = collection.class_folder.path / "collected" / "01_tiny" / student
    return [(path / "tiny.ipynb").read_text() for path in sorted(folder.iterdir())]


def test_canvas(collection, zipped):
    path = zipped(
        {
            "lovelaceada_4711_90001_tiny.ipynb": "a",
            "hoppergrace_LATE_4712_90003_tiny-1.ipynb": "g",
            "turingalan_4713_text.html": "<p>",
            "đặngzoë_4799_90009_tiny-3f1c2b3a-0000-4000-8000-123456789abc.ipynb": "z",
            "noether_emmy_4720_90010_tiny.ipynb": "e",
            "anon_x7Qp2_90004_tiny.ipynb": "x",
            "LATE_anon_x7Qp3_90005_tiny.ipynb": "y",
        }
    )
    found = {(each.student, each.fate): each for each in collection.from_source(path)}
    assert set(found) == {
        ("ada", Fate.new),
        ("grace", Fate.new),
        ("zoe", Fate.new),
        ("alan", Fate.refused),
        ("", Fate.not_matched),
    }
    assert found["grace", Fate.new].late
    assert "not in the archive" in found["grace", Fate.new].remarks[-1]
    assert found["alan", Fate.refused].remarks == ("a text typed on Canvas, no file",)
    assert called_late(collection.class_folder, "01_tiny") == {"grace"}
    assert there(collection, "ada") == {"tiny.ipynb": "a"}
    assert there(collection, "grace") == {"tiny.ipynb": "g"}, "Canvas's number is not a student's"
    assert there(collection, "zoe") == {"tiny.ipynb": "z"}
    assert fates(collection, path).count(("ada", Fate.unchanged)) == 1


def test_who_comes_again_in_time_is_late_no_more_and_a_time_in_the_class_file_is_enough(
    ruled, zipped
):
    late = zipped({"hoppergrace_LATE_4712_1_tiny.ipynb": "g"})
    collection = ruled("[assignments.01_tiny]\ndue = 2026-10-05\n")
    (found,) = collection.from_source(late)
    assert found.remarks == (
        "late; when it came is not in the archive: say it in class.toml, [came]",
    )
    came = '[assignments.01_tiny]\ndue = 2026-10-05\n[came.grace]\n01_tiny = "2026-10-06"\n'
    (found,) = ruled(came).from_source(late)
    assert (found.fate, found.remarks) == (Fate.unchanged, ())
    list(collection.from_source(zipped({"hoppergrace_4712_2_tiny.ipynb": "h"}, "2.zip")))
    assert called_late(collection.class_folder, "01_tiny") == frozenset()


def test_of_two_files_in_one_attempt_on_canvas_the_newer_has_the_name(collection, zipped):
    files = {
        "lovelaceada_4711_90001_tiny.ipynb": "old",
        "lovelaceada_4711_90007_tiny-2.ipynb": "new",
        "lovelaceada_4711_90008_notes.txt": "n",
    }
    found = list(collection.from_source(zipped(files)))
    assert there(collection, "ada") == {"notes.txt": "n", "tiny.ipynb": "new"}
    assert "a second file called tiny.ipynb was left out" in found[0].remarks[0]


def test_two_students_with_one_name_are_not_guessed(collection, zipped):
    twin = Person("ada2", "Ada", "Lovelace")
    write_roster(collection.class_folder, (twin, Person("ada", "Ada", "Lovelace")))
    (found,) = collection.from_source(zipped({"lovelaceada_4711_1_tiny.ipynb": "a"}))
    assert found.fate is Fate.not_matched
    assert found.remarks == ("may be ada2 or ada: they have the same name or number",)


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace_30101_assignsubmission_file/tiny.ipynb",
        "Ada Lovelace_30101_assignsubmission_file_/tiny.ipynb",
        "Ada Lovelace_30101_assignsubmission_file_tiny.ipynb",
        "around/Ada Lovelace_30101_assignsubmission_file/tiny.ipynb",
    ],
)
def test_moodle(collection, zipped, name):
    strange = "Default group_812_assignsubmission_file/tiny.ipynb"
    text = "Alan Turing_30102_assignsubmission_onlinetext/onlinetext.html"
    path = zipped({name: "a", strange: "x", text: "t"})
    assert sorted(fates(collection, path)) == [
        ("", Fate.not_matched),
        ("ada", Fate.new),
        ("alan", Fate.refused),
    ]
    assert there(collection, "ada") == {"tiny.ipynb": "a"}


WORKSHEET = """Identifier,Full name,Email address,Status,Grade,Last modified (submission)
Participant 30101,A. Byron,ada@example.org,Submitted,-,"Thursday, 1 October 2026, 9:00 PM"
Participant 30102,Grace Hopper,grace@example.org,Submitted,-,"1 October 2026, 21:05"
Participant 30103,Alan Turing,alan@example.org,Submitted,-,"1. Oktober 2026, 21:05"
Participant 30104,Zoë Đặng,zoe@example.org,Submitted,-,"Sunday, 25 October 2026, 2:30 AM"
"""


def test_the_worksheet_of_moodle_says_who_and_when(ruled, zipped, tmp_path):
    worksheet = tmp_path / "grades.csv"
    worksheet.write_text(WORKSHEET)
    names = {30101: "Participant", 30102: "Grace H", 30103: "Alan Turing", 30104: "Zoë Đặng"}
    path = zipped({f"{v}_{k}_assignsubmission_file/tiny.ipynb": f"{k}" for k, v in names.items()})
    found = {each.student: each for each in ruled(worksheet=worksheet).from_source(path)}
    assert f"{found['ada'].time}" == "2026-10-01 19:00:00"
    assert f"{found['grace'].time}" == "2026-10-01 19:05:00"
    assert "set Moodle to English" in found["alan"].remarks[0]
    assert "comes twice in Europe/Zurich" in found["zoe"].remarks[0]
    assert there(ruled(), "ada")["timestamp.txt"] == "2026-10-01 19:00:00.000000 UTC"


def test_a_worksheet_without_mails_and_numbers_is_read_by_its_names(ruled, zipped, tmp_path):
    worksheet = tmp_path / "grades.csv"
    worksheet.write_text("Identifier,Full name,Grade\nParticipant 30101,Ada Lovelace,\n")
    path = zipped({"Participant_30101_assignsubmission_file/tiny.ipynb": "a"})
    assert fates(ruled(worksheet=worksheet), path) == [("ada", Fate.new)]


def test_a_worksheet_without_a_zone_says_no_time(collection, zipped, tmp_path):
    worksheet = tmp_path / "grades.csv"
    worksheet.write_text(WORKSHEET)
    without = Collection(collection.class_folder, collection.assignment, None, worksheet)
    path = zipped({"Ada Lovelace_30101_assignsubmission_file/tiny.ipynb": "a"})
    (found,) = without.from_source(path)
    assert found.time is None
    assert "class.toml must say the time_zone" in found.remarks[0]
    worksheet.write_text("Full name,Email address\nA B,a@b\n")
    with pytest.raises(BrokenRoster, match="with a column Identifier"):
        list(without.from_source(path))


GRADESCOPE = """---
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: 'S1001'
    :email: elsewhere@example.org
  :created_at: 2026-10-01 20:59:00.123456789 +02:00
  :score: 3.0
submission_2:
  :submitters:
  - :name: Grace Hopper
    :email: GRACE@example.org
  - :name: Alan Turing
    :sid: S1003
  :created_at: 2026-10-01 20:59:00
submission_3:
  :submitters:
  - :name: Nobody Known
    :email: n@example.org
"""


def test_gradescope(collection, zipped):
    path = zipped(
        {
            "assignment_9100_export/submission_metadata.yml": GRADESCOPE,
            "assignment_9100_export/submission_1/tiny.ipynb": "a",
            "assignment_9100_export/submission_2/tiny.ipynb": "ga",
            "assignment_9100_export/submission_3/tiny.ipynb": "n",
            "assignment_9100_export/submission_9/tiny.ipynb": "?",
            "__MACOSX/assignment_9100_export/submission_1/._tiny.ipynb": "mac",
        }
    )
    found = {each.student: each for each in collection.from_source(path) if each.student}
    assert {name: each.fate for name, each in found.items()} == dict.fromkeys(
        ("ada", "grace", "alan"), Fate.new
    )
    assert f"{found['ada'].time}" == "2026-10-01 18:59:00.123456"
    assert "has no zone, and was not read" in found["grace"].remarks[0]
    lost = [each.source for each in collection.from_source(path) if not each.well]
    assert sorted(lost) == ["n@example.org", "submission_9"]


@pytest.mark.parametrize("content", ["[", "- a", "\0"])
def test_a_list_of_gradescope_that_cannot_be_read_is_told(collection, zipped, content):
    path = zipped({"submission_metadata.yml": content, "submission_1/tiny.ipynb": "a"})
    with pytest.raises(UnreadableSource, match="cannot be read as Gradescope writes it"):
        list(collection.from_source(path))


def test_the_exchange_of_nbgrader(collection, tmp_path):
    inbound = tmp_path / "exchange" / "course" / "inbound"
    for name, words in (
        ("ada+01_tiny+2026-10-01 12:00:00.000001 UTC+abc-_1", "first"),
        ("ada+01_tiny+2026-10-02 12:00:00.000001 UTC+abc-_2", "second"),
        ("grace+02_other+2026-10-02 12:00:00.000001 UTC+abc-_2", "other"),
        ("eve+01_tiny+2026-10-02 12:00:00.000001 UTC", "stranger"),
    ):
        folder = inbound / name
        folder.mkdir(parents=True)
        (folder / "tiny.ipynb").write_text(words)
        (folder / "timestamp.txt").write_text(name.split("+")[2])
        (folder / "submission_secret.txt").write_text("5ecre7")
    found = fates(collection, tmp_path / "exchange")
    assert found == [("ada", Fate.new), ("ada", Fate.newer), ("", Fate.not_matched)] or found == [
        ("ada", Fate.new),
        ("", Fate.not_matched),
        ("ada", Fate.newer),
    ]
    assert there(collection, "ada") == {
        "submission_secret.txt": "5ecre7",
        "timestamp.txt": "2026-10-02 12:00:00.000001 UTC",
        "tiny.ipynb": "second",
    }
    assert aside(collection, "ada") == ["first"]
    assert fates(collection, inbound)[0] == ("ada", Fate.older)
    remarks = [words for each in collection.from_source(inbound) for words in each.remarks]
    assert any("LOOK AT: it says ada, and belongs to the user" in words for words in remarks)


def test_folders(collection, tmp_path, zipped):
    root = tmp_path / "in"
    for name in (
        "ada/01_tiny/tiny.ipynb",
        "ada/02_other/o.ipynb",
        "grace/tiny.ipynb",
        "alan.ipynb",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "ada" / "01_tiny" / "timestamp.txt").write_text("2026-10-01 12:00:00 +0200")
    (root / "grace" / "timestamp.txt").write_text("yesterday")
    found = {each.student: each for each in collection.from_source(root)}
    assert {name: each.fate for name, each in found.items()} == dict.fromkeys(
        ("ada", "grace", "alan"), Fate.new
    )
    assert f"{found['ada'].time}" == "2026-10-01 10:00:00"
    assert found["grace"].remarks == ("its timestamp.txt says no time that is understood",)
    assert there(collection, "alan") == {"tiny.ipynb": "alan.ipynb"}
    around = zipped({"all/ada/tiny.ipynb": "new", "all/grace/tiny.ipynb": "new"})
    assert ("ada", Fate.newer) in fates(collection, around)


def test_a_time_that_a_student_sends_through_a_platform_is_not_read(collection, zipped):
    files = {
        "Ada Lovelace_30101_assignsubmission_file/tiny.ipynb": "a",
        "Ada Lovelace_30101_assignsubmission_file/TimeStamp.txt": "2020-01-01 00:00:00 UTC",
    }
    (found,) = collection.from_source(zipped(files))
    assert there(collection, "ada") == {"tiny.ipynb": "a"}
    assert found.remarks == (
        "TimeStamp.txt was left out: that is for nbgrader's exchange to write",
    )


def dated(tmp_path, day, words):
    folder = tmp_path / f"{day}" / "ada"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.ipynb").write_text(words)
    (folder / "timestamp.txt").write_text(f"2026-10-{day:02} 12:00:00 UTC")
    return folder.parent


def test_the_newest_is_graded_whatever_comes_first_and_none_is_lost(collection, tmp_path):
    steps = (
        (2, "b", Fate.new),
        (1, "a", Fate.older),
        (3, "c", Fate.newer),
        (3, "c", Fate.unchanged),
    )
    for day, words, fate in steps:
        assert fates(collection, dated(tmp_path, day, words)) == [("ada", fate)]
    assert fates(collection, dated(tmp_path, 2, "b")) == [("ada", Fate.older)]
    assert fates(collection, dated(tmp_path, 4, "a")) == [("ada", Fate.newer)], "back to the first"
    assert there(collection, "ada")["tiny.ipynb"] == "a"
    assert aside(collection, "ada") == ["a", "b", "c"]


def test_no_more_attempts_count_than_are_allowed(ruled, tmp_path):
    collection = ruled("attempts = 2\n")
    expected = (Fate.new, Fate.newer, Fate.beyond)
    for day, fate in enumerate(expected, start=1):
        (found,) = collection.from_source(dated(tmp_path, day, f"{day}"))
        assert found.fate is fate
    assert found.remarks == ("2 attempts are allowed",)
    assert there(collection, "ada")["tiny.ipynb"] == "2"


def test_who_submits_for_a_group_submits_for_all_of_it(ruled, zipped):
    collection = ruled('[groups]\n"Team Red" = ["ada", "grace"]\n')
    path = zipped({"teamred_4714_90005_tiny.ipynb": "r", "turingalan_4713_1_tiny.ipynb": "r"})
    found = list(collection.from_source(path))
    assert sorted((each.student, each.fate) for each in found) == [
        ("ada", Fate.new),
        ("alan", Fate.new),
        ("grace", Fate.new),
    ]
    (words,) = alike(found, collection.rules.groups)
    assert sorted(words.removeprefix("The same, byte for byte: ").split(", ")) == [
        "ada",
        "alan",
        "grace",
    ]
    assert alike(found[:2], collection.rules.groups) == []


def test_a_group_of_names_that_no_folder_can_have_is_not_matched(ruled, zipped):
    collection = ruled('[groups]\nred = ["../../up"]\n')
    (found,) = collection.from_source(zipped({"red_4714_90005_tiny.ipynb": "r"}))
    assert found.fate is Fate.not_matched
    assert "holds no slash" in found.remarks[0]


def test_without_a_roster_students_are_called_as_the_source_calls_them(tiny, class_folder, zipped):
    collection = Collection(class_folder, tiny.assignment)
    names = {
        "lovelaceada_4711_90001_tiny.ipynb": "lovelaceada-4711",
        "Ada Lovelace_30101_assignsubmission_file/tiny.ipynb": "Ada-Lovelace-30101",
        "ada/01_tiny/tiny.ipynb": "ada",
    }
    for number, (name, student) in enumerate(names.items()):
        assert fates(collection, zipped({name: "a"}, f"{number}.zip")) == [(student, Fate.new)]


def linked(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


BAD = {
    "../../lovelaceada_4711_1_tiny.ipynb": "its path leads elsewhere",
    "/lovelaceada_4711_1_tiny.ipynb": "its path leads elsewhere",
    "..\\lovelaceada_4711_1_tiny.ipynb": "its path leads elsewhere",
    "C:\\lovelaceada_4711_1_tiny.ipynb": "its path leads elsewhere",
    "a\nb/tiny.ipynb": "its name has characters that cannot be shown",
    f"{'x' * 250}/tiny.ipynb": "its name has more than 200 bytes",
    f"{'d/' * 20}tiny.ipynb": "it lies too deep",
}


@pytest.mark.parametrize("name", BAD)
def test_a_path_that_leads_elsewhere_is_refused_and_the_others_are_collected(
    collection, zipped, name
):
    path = zipped({name: "x", "hoppergrace_4712_1_tiny.ipynb": "g"})
    found = {each.student: each for each in collection.from_source(path)}
    assert found["grace"].fate is Fate.new
    assert (found[""].fate, found[""].remarks) == (Fate.refused, (BAD[name],))


def test_links_passwords_doubles_and_names_that_differ_in_case_are_refused(collection, zipped):
    moodle = "Ada Lovelace_1_assignsubmission_file"
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(
            [
                (linked("turingalan_4713_1_tiny.ipynb"), "/etc/passwd"),
                (f"{moodle}/tiny.ipynb", "a"),
                (f"{moodle}/Tiny.ipynb", "b"),
                ("Grace Hopper_2_assignsubmission_file/tiny.ipynb", "c"),
                ("Grace Hopper_2_assignsubmission_file/tiny.ipynb", "d"),
            ]
        )
    found = [(each.student, each.fate, *each.remarks) for each in collection.from_source(path)]
    assert ("", Fate.refused, "a link, or no regular file") in found
    words = f"differs from {moodle}/tiny.ipynb in case only"
    assert ("", Fate.refused, words) in found
    assert ("", Fate.refused, "the archive has several files of that name") in found
    assert ("ada", Fate.new) in found
    assert not collection.class_folder.submitted("01_tiny", "grace").exists()


def test_a_member_with_a_password_or_damage_stops_nobody_else(collection, zipped):
    path = zipped(
        {"lovelaceada_4711_1_tiny.ipynb": "secret", "hoppergrace_4712_1_tiny.ipynb": "g" * 99}
    )
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # encrypted, says the directory of the first
    raw[raw.index(b"ggg")] = ord("x")  # no longer what its checksum says
    path.write_bytes(raw)
    found = {each.student: each for each in collection.from_source(path)}
    assert found[""].remarks == ("has a password",)
    assert found["grace"].fate is Fate.refused
    assert "is damaged in the archive" in found["grace"].remarks[0]


def test_a_bomb_is_refused_at_its_limit(collection, zipped, monkeypatch):
    monkeypatch.setattr(incoming, "LARGEST", 1000)
    path = zipped(
        {"lovelaceada_4711_1_tiny.ipynb": "0" * 5000, "hoppergrace_4712_1_tiny.ipynb": "g"}
    )
    found = {each.student: each for each in collection.from_source(path)}
    assert found["ada"].fate is Fate.refused
    assert found["grace"].fate is Fate.new
    monkeypatch.setattr(incoming, "MOST_FILES", 1)
    with pytest.raises(UnreadableSource, match="more than 1 files"):
        list(collection.from_source(path))


def test_all_files_together_have_a_limit(collection, zipped, monkeypatch):
    monkeypatch.setattr(incoming._Room, "__init__", lambda self: setattr(self, "left", 10))
    path = zipped({"lovelaceada_4711_1_tiny.ipynb": "0" * 50})
    with pytest.raises(UnreadableSource, match="which no class submits"):
        list(collection.from_source(path))


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def test_archives_that_are_none_are_told(collection, zipped, tmp_path):
    path = zipped({"lovelaceada_4711_1_tiny.ipynb": "a"})
    cut(path)
    with pytest.raises(UnreadableSource, match=r"or its end is missing\. Download it again"):
        list(collection.from_source(path))
    with pytest.raises(UnreadableSource, match="no such file or folder"):
        list(collection.from_source(tmp_path / "nowhere.zip"))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("lovelaceada_4711_1_tiny.ipynb", "a")
    with pytest.raises(UnreadableSource, match=r"nothing but another zip file, all\.zip\. Unpack"):
        list(collection.from_source(zipped({"all.zip": inner.getvalue()}, "nested.zip")))
    with pytest.raises(UnreadableSource, match="nothing in it is named as Canvas names"):
        list(collection.from_source(zipped({}, "empty.zip"), Scheme.canvas))


def test_links_and_pipes_in_a_folder_are_refused(collection, tmp_path):
    root = tmp_path / "in"
    (root / "ada").mkdir(parents=True)
    (root / "ada" / "tiny.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(root / "ada" / "pipe")
    (root / "loop").symlink_to(root)
    (root / "grace").mkdir()
    (root / "grace" / "tiny.ipynb").write_text("g")
    found = {each.source: each for each in collection.from_source(root)}
    assert found["grace"].fate is Fate.new
    assert found["ada/tiny.ipynb"].remarks == ("a link",)
    assert found["ada/pipe"].remarks == ("no regular file",)
    assert found["loop"].remarks == ("a link",)


def test_a_link_in_the_class_folder_is_not_followed(collection, tmp_path, zipped):
    folder = collection.class_folder.submitted("01_tiny", "ada")
    folder.parent.mkdir(parents=True)
    folder.symlink_to(tmp_path)
    (found,) = collection.from_source(zipped({"lovelaceada_4711_1_tiny.ipynb": "a"}))
    assert found.fate is Fate.refused
    assert not (tmp_path / "tiny.ipynb").exists()


def test_ten_thousand_files_are_no_more_than_many(zipped):
    path = zipped({f"x{n}_{n}_{n}_tiny.ipynb": "" for n in range(10_000)})
    with opened(path) as source:
        assert len(source.files) == 10_000


def test_the_command_says_what_was_not_matched_and_who_is_missing(
    tiny_copy, collection, zipped, monkeypatch
):
    monkeypatch.chdir(tiny_copy.assignment.course.root)
    monkeypatch.setattr("autograder.cli.collect.console._width", 200, raising=False)
    path = zipped({"lovelaceada_4711_1_tiny.ipynb": "a", "who_1_1_tiny.ipynb": "a"})

    def command(*words):
        folder = str(collection.class_folder.path)
        return CliRunner().invoke(
            cli.app, ["collect", "01_tiny", str(path), "--class", folder, *words]
        )

    result = command()
    assert result.exit_code == 1
    assert "NOT MATCHED" in result.stdout
    assert "nobody has Canvas's number 1" in " ".join(result.stdout.split())
    assert "not submitted (3 of 4): alan, grace, zoe" in result.stdout
    data = json.loads(command("--json").stdout)
    assert [(each["student"], each["fate"]) for each in data] == [
        ("ada", "unchanged"),
        ("", "not_matched"),
    ]
