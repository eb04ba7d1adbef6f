"""The data are found in a checkout and in a wheel, and nobody else's data are taken for them."""

from pathlib import Path

import pytest

from nextword.data_folder import DataFolderError, _locate, data_folder


def test_this_checkout_has_its_data() -> None:
    assert (data_folder() / "grammar" / "README.md").is_file()


def test_an_installed_package_reads_its_own_data(tmp_path: Path) -> None:
    (tmp_path / "nextword" / "_data").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert _locate(tmp_path / "nextword") == tmp_path / "nextword" / "_data"


def test_a_checkout_reads_the_data_beside_the_package(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert _locate(tmp_path / "nextword") == tmp_path / "data"


def test_a_neighbour_called_data_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(DataFolderError, match=r"_data.*found neither"):
        _locate(tmp_path / "nextword")
