"""Where the course's data are: beside the package in a checkout, inside it once installed."""

from pathlib import Path


class DataFolderError(FileNotFoundError):
    """The course's data folder is in neither of the places where it can be."""


def data_folder() -> Path:
    """Find the folder that holds the course's corpora and what they are made from.

    Returns
    -------
    Path
        ``nextword/_data`` where the package was installed from a wheel, else ``data`` beside the
        package, in a checkout.

    Raises
    ------
    DataFolderError
        Neither exists.

    Examples
    --------
    >>> (data_folder() / "grammar").is_dir()
    True
    """
    return _locate(Path(__file__).parent)


def own_folders() -> list[Path]:
    """Return the files and folders without which the package does not run, in a sandbox say."""
    # By pyproject.toml a checkout's data folder is told from another package's.
    project = data_folder().parent / "pyproject.toml"
    return [Path(__file__).parent, data_folder(), *([project] if project.exists() else [])]


def _locate(package: Path) -> Path:
    installed, checkout = package / "_data", package.parent / "data"
    if installed.is_dir():
        return installed
    # Among installed packages a folder `data` is somebody else's: only a checkout has both.
    if checkout.is_dir() and (package.parent / "pyproject.toml").is_file():
        return checkout
    raise DataFolderError(
        f"expected the course's data in {installed} (installed) or {checkout} (a checkout), found "
        "neither: install the course again with `pip install`, or clone the whole repository"
    )
