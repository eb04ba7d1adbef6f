"""What can go wrong between a source of text and a corpus, one type each."""


class CorpusError(ValueError):
    """No corpus could be made; every error of this package is one of these."""


class UnknownUnitError(CorpusError):
    """Tokens or sentences are asked for that are not told apart here."""


class UnknownCorpusError(CorpusError):
    """A name is neither that of a corpus nor a path that exists."""


class NoTextFilesError(CorpusError):
    """A folder holds no text file."""


class TextEncodingError(CorpusError):
    """Bytes of a file are no text in the encoding it was read with."""


class BinaryFileError(CorpusError):
    """A file holds zero bytes: a program, a picture or an archive, and no text."""


class EmptyTextError(CorpusError):
    """A text holds no token."""


class TextTooLargeError(CorpusError):
    """A text is larger than what is read without being asked to."""


class TooFewSentencesError(CorpusError):
    """There are fewer sentences than splits that should get one."""


class SplitFractionsError(CorpusError):
    """The shares of train, valid and test are no three shares of a whole."""


class DownloadError(CorpusError):
    """A file could not be fetched; nothing was left behind."""


class OfflineError(DownloadError):
    """The server that holds a file could not be reached."""


class ChecksumError(DownloadError):
    """A file was fetched and is not the one that was expected."""
