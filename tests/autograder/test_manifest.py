import json

import pytest

from autograder.proving.manifest import ForeignFiles, Manifest


@pytest.fixture
def manifest(tmp_path):
    manifest = Manifest(tmp_path / "folder" / "written.json")
    folder = manifest.path.parent
    manifest.write({folder / "a" / "one.txt": "one", folder / "b" / "c" / "two.txt": "\ud800"})
    return manifest


def files(manifest):
    folder = manifest.path.parent
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def refused(manifest):
    with pytest.raises(ForeignFiles) as caught:
        manifest.refuse_foreign(manifest.path.parent, "Do something else")
    return str(caught.value)


def test_what_was_written_is_removed_with_its_folders(manifest):
    manifest.refuse_foreign(manifest.path.parent, "")
    manifest.remove()
    assert files(manifest) == {"written.json"}
    assert [path.name for path in manifest.path.parent.iterdir()] == ["written.json"]


def test_only_what_is_wanted_is_removed(manifest):
    manifest.remove(lambda path: path.parts[0] == "a")
    assert files(manifest) == {"written.json", "b/c/two.txt"}
    manifest.remove()
    assert files(manifest) == {"written.json"}, "the other one is still known"


def test_a_file_that_nobody_listed_is_named_and_stays(manifest):
    foreign = manifest.path.parent / "a" / "mine.txt"
    foreign.write_text("years of work")
    assert str(foreign) in refused(manifest)
    manifest.remove()
    assert files(manifest) == {"written.json", "a/mine.txt"}


def test_a_file_that_was_changed_since_is_named_and_stays(manifest):
    path = manifest.path.parent / "a" / "one.txt"
    path.write_text("edited")
    assert f"{path}. Do something else" in refused(manifest)
    manifest.remove()
    assert path.read_text() == "edited"


@pytest.mark.parametrize("target", ["a", "b/c/two.txt", "nowhere"])
def test_a_link_is_never_ours_and_what_it_leads_to_stays(manifest, target):
    folder = manifest.path.parent
    (folder / "link").symlink_to(folder / target)
    assert str(folder / "link") in refused(manifest)
    (folder / "a" / "one.txt").unlink()
    (folder / "a" / "one.txt").symlink_to(folder / "b" / "c" / "two.txt")
    manifest.remove(lambda path: path.name == "one.txt")
    assert (folder / "a" / "one.txt").is_symlink()
    assert (folder / "b" / "c" / "two.txt").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "7"])
def test_where_the_list_is_damaged_nothing_is_ours(manifest, content):
    manifest.path.write_text(content)
    assert "one.txt" in refused(manifest)
    manifest.remove()
    assert "a/one.txt" in files(manifest)


def test_a_list_cannot_lead_out_of_its_folder(manifest, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("one")
    digests = json.loads(manifest.path.read_text())
    names = ("../outside.txt", str(outside))
    manifest.path.write_text(json.dumps(dict.fromkeys(names, digests["a/one.txt"])))
    manifest.remove()
    assert outside.exists()


def test_many_foreign_files_are_counted(manifest):
    for number in range(9):
        (manifest.path.parent / f"{number}.txt").touch()
    assert "and 4 more. Do" in refused(manifest)


def test_what_was_written_by_other_means_is_ours_from_then_on(manifest):
    path = manifest.path.parent / "gradebook.db"
    path.write_bytes(b"\x00\xff")
    manifest.add([path, path.with_name("missing")])
    manifest.refuse_foreign(manifest.path.parent, "")
    manifest.remove()
    assert files(manifest) == {"written.json"}
