"""One file of the web in a folder: all of it, with the right checksum, or nothing."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from nextword.corpora.errors import ChecksumError, DownloadError, OfflineError

# Some servers turn away clients that do not say who they are.
_HEADERS = (("User-Agent", "nextword (a course on language models)"),)
_TIMEOUT_S = 30


@dataclass(frozen=True)
class RemoteFile:
    """A file of the web.

    Attributes
    ----------
    url
        Where it lies.
    checksum
        What it is, as "sha256:…".
    """

    url: str
    checksum: str

    @property
    def name(self) -> str:
        """The last part of the address."""
        return urlsplit(self.url).path.rpartition("/")[2]


def fetch(file: RemoteFile, folder: Path, mirror: str | None = None, progress: bool = True) -> Path:
    """Return a local copy of a file, fetching it if there is none.

    The file is written under another name and renamed when it is complete and its checksum is
    right, so a broken download leaves nothing behind. A copy whose checksum is wrong is fetched
    anew.

    Parameters
    ----------
    file
        What to fetch.
    folder
        Where copies are kept.
    mirror
        The web address of another folder that holds a file of the same name.
    progress
        Whether to show a bar on stderr.

    Raises
    ------
    OfflineError
        If the server cannot be reached.
    ChecksumError
        If another file came.
    DownloadError
        If the server refused, the connection broke, or the folder cannot be written.
    """
    import pooch  # type: ignore[import-untyped]

    url = file.url if mirror is None else f"{mirror.rstrip('/')}/{file.name}"
    downloader = pooch.HTTPDownloader(
        progressbar=progress, headers=dict(_HEADERS), timeout=_TIMEOUT_S, chunk_size=65536
    )
    try:
        local = pooch.retrieve(
            url, file.checksum, fname=file.name, path=folder, downloader=downloader
        )
    except (OSError, ValueError) as error:
        raise _explained(error, url, file, folder) from error
    return Path(local)


def _explained(
    error: OSError | ValueError, url: str, file: RemoteFile, folder: Path
) -> DownloadError:
    """Say what a failure of pooch means. The errors of requests are OSErrors."""
    import requests

    by_hand = f"or put {file.name}, got elsewhere, into {folder}"
    match error:
        case requests.ConnectionError() | requests.Timeout():
            return OfflineError(
                f"{urlsplit(url).netloc or url} could not be reached: is this machine online? "
                "Without a network there are the corpora 'grammar' and 'python-docs' and any text "
                f"file of yours; {by_hand}"
            )
        case requests.HTTPError(response=requests.Response() as answer):
            return DownloadError(
                f"expected {url} to be there, and the server answered {answer.status_code} "
                f"{answer.reason}; mirror= names another server, {by_hand}"
            )
        case requests.RequestException():
            return DownloadError(
                f"the download of {url} broke off ({type(error).__name__}), and nothing of it was "
                "kept; try again"
            )
        case ValueError():
            return ChecksumError(
                f"expected {url} to have the checksum {file.checksum}, and another file came; it "
                "was deleted. Is a login page in between? Otherwise tell the course's authors"
            )
        case _:
            return DownloadError(
                f"{folder} cannot be written ({error}); cache= or the environment variable "
                "NEXTWORD_CACHE names another folder"
            )
