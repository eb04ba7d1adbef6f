"""Every source gives three splits of sentences, or an error that says what to do."""

import codecs
import contextlib
import functools
import gc
import hashlib
import http.server
import io
import os
import re
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword import corpora
from nextword.corpora.downloads import RemoteFile, fetch
from nextword.corpora.errors import (
    BinaryFileError,
    ChecksumError,
    CorpusError,
    DownloadError,
    EmptyTextError,
    NoTextFilesError,
    OfflineError,
    SplitFractionsError,
    TextEncodingError,
    TextTooLargeError,
    TooFewSentencesError,
    UnknownCorpusError,
    UnknownUnitError,
)
from nextword.corpora.named import NAMED, NamedCorpus
from nextword.corpora.tokenisation import sentences, tokenised, tokens, words
from nextword.grammar import PRESETS, Grammar

REPO = Path(__file__).parents[2]
SHARED = Path(os.environ.get("NEXTWORD_SHARED", REPO.parent / "shared")) / "data"
PROSE = "The old cook eats. The young cook sleeps!\n\nWho is there? Nay, answer me.\n"


def shared(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not here (set NEXTWORD_SHARED)")
    return path


def everything(corpus):
    return [*corpus.train, *corpus.valid, *corpus.test]


@pytest.fixture
def text(tmp_path):
    """Write bytes or text to a file, byte for byte, and return its path."""

    def write(content, name="text.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# --- words and characters ------------------------------------------------------------------------


def test_words_are_lower_case_letters_and_apostrophes_and_marks_stand_alone():
    assert words("We know't; 12 o'clock-ish, (Sir)!") == [
        *("we", "know't", ";", "o'clock", "-", "ish", ",", "sir", "!"),
    ]


def test_letters_of_other_alphabets_are_letters_however_they_were_typed():
    assert words("Straße Ελλάδα Москва") == ["straße", "ελλάδα", "москва"]
    assert words("Cafe\u0301") == words("Café") == ["café"]
    assert words("don’t") == ["don't"]
    assert words("snake_case") == ["snake", "case"]


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_on_ascii_words_are_what_the_shared_files_say(text):
    assert words(text) == re.findall(r"[A-Za-z']+|[.,!?;:-]", text.lower())


@given(st.text())
def test_characters_joined_are_the_text(text):
    assert "".join(tokens(text, "characters")) == text


def test_equal_words_of_a_text_are_one_string():
    found = tokenised("Zoë and Zoë\nZoë and I", "words", "lines")
    assert found == [["zoë", "and", "zoë"], ["zoë", "and", "i"]]
    assert len({id(word) for sentence in found for word in sentence}) == 3


def test_reading_leaves_the_search_for_cycles_as_it_was():
    assert gc.isenabled()
    for read in (
        lambda: tokenised("a b", "as is", "lines"),
        lambda: tokenised(None, "words", "lines"),
    ):
        with contextlib.suppress(AttributeError):
            read()
        assert gc.isenabled()
    gc.disable()
    try:
        tokenised("a b", "as is", "lines")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_text_tokenised_already_is_taken_as_it_is():
    assert tokens(" no it was n't <unk> N ", "as is") == ["no", "it", "was", "n't", "<unk>", "N"]


@pytest.mark.parametrize("source", ["grammar", "python-docs", __file__])
def test_a_unit_that_does_not_exist_is_told_with_those_that_do(source):
    with pytest.raises(UnknownUnitError, match="'words', 'characters', 'as is', got 'word'"):
        corpora.load(source, "word")


def test_a_boundary_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(UnknownUnitError, match="'prose', 'lines', got 'paragraphs'"):
        corpora.from_text(__file__, boundary="paragraphs")


def test_prose_ends_sentences_at_marks_and_blank_lines():
    assert sentences('He said: "Go!" Then he\nwent.\n \nA heading\n\nEnd', "prose") == [
        *('He said: "Go!"', "Then he went.", "A heading", "End"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("boundary", ["prose", "lines"])
def test_line_ends_of_any_system_mean_the_same(end, boundary):
    assert sentences(PROSE.replace("\n", end), boundary) == sentences(PROSE, boundary)


def test_lines_that_are_blank_are_no_sentences():
    assert sentences("a b\n\n \t\nc", "lines") == ["a b", "c"]


# --- splits --------------------------------------------------------------------------------------

SHARES = st.sampled_from(
    [
        *((0.8, 0.1, 0.1), (1, 0, 0), (0.5, 0, 0.5), (0, 1, 0), (1 / 3, 1 / 3, 1 / 3)),
        *((0, 0.5, 0.5), (0, 0.7, 0.3), (0.02, 0.49, 0.49), (0.98, 0.01, 0.01)),
    ]
)


@given(st.integers(0, 12) | st.integers(13, 200), SHARES, st.none() | st.integers(0, 5))
def test_a_split_loses_and_doubles_nothing_and_leaves_no_share_empty(n, fractions, seed):
    numbered = [[str(i)] for i in range(n)]
    needed = sum(share > 0 for share in fractions)
    if n < needed:
        with pytest.raises(TooFewSentencesError, match=rf"at least {needed} .* got {n}"):
            corpora.split(numbered, "numbers", fractions, seed)
        return
    corpus = corpora.split(numbered, "numbers", fractions, seed)
    assert sorted(everything(corpus), key=lambda s: int(s[0])) == numbered
    for part, share in zip((corpus.train, corpus.valid, corpus.test), fractions, strict=True):
        assert (len(part) > 0) == (share > 0)
        assert abs(len(part) - n * share) <= 2
    if seed is None:
        assert everything(corpus) == numbered


def test_a_seed_shuffles_the_same_way_each_time():
    numbered = [[str(i)] for i in range(100)]
    one, same, other = (corpora.split(numbered, "n", seed=seed) for seed in (1, 1, 2))
    assert everything(one) == everything(same) != numbered
    assert one.test != other.test


@pytest.mark.parametrize(
    "wrong", [(0.8, 0.2), (0.8, 0.1, 0.2), (1.5, -0.5, 0), (float("nan"), 0, 1)]
)
def test_shares_that_are_no_whole_are_refused(wrong):
    with pytest.raises(SplitFractionsError, match="sum to 1"):
        corpora.split([["a"]] * 9, "text", wrong)


def test_a_corpus_says_its_sizes_and_shows_no_text():
    corpus = corpora.split([["a", "b"]] * 10, "letters")
    assert str(corpus) == (
        "letters: train 8 sentences (16 tokens), valid 1 sentences (2 tokens), "
        "test 1 sentences (2 tokens)"
    )
    assert len(repr(corpus)) < 50


# --- files of the user's -------------------------------------------------------------------------


def test_a_file_is_cut_where_it_stands(text):
    corpus = corpora.load(text(PROSE))
    assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [2, 1, 1]
    assert corpus.train[0] == ["the", "old", "cook", "eats", "."]
    assert corpus.test == [["nay", ",", "answer", "me", "."]]
    assert corpora.load(str(text(PROSE))) == corpus


def test_characters_are_read_with_case_and_spaces(text):
    corpus = corpora.load(text(PROSE), "characters")
    assert "".join(corpus.train[0]) == "The old cook eats."


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(text):
    plain = corpora.from_text(text(PROSE))
    windows = codecs.BOM_UTF8 + PROSE.replace("\n", "\r\n").encode()
    assert corpora.from_text(text(windows)) == plain
    assert corpora.from_text(text(windows), "characters").train[0][0] == "T"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig", "latin-1", "utf-32"])
def test_a_text_in_a_named_encoding_is_read(text, encoding):
    content = "Le café est noir.\nZoë le boit.\nIl dort.\n"
    path = text(content.encode(encoding))
    assert corpora.from_text(path, encoding=encoding) == corpora.from_text(text(content))


def test_another_encoding_is_told_with_its_first_wrong_byte(text):
    path = text(codecs.BOM_UTF8 + b"Good.\nLe caf\xe9 est noir.\n")
    with pytest.raises(TextEncodingError, match=r"byte 15 \(line 2\) is 0xe9.*cp1252.*iconv"):
        corpora.load(path)


def test_utf_16_is_recognised(text):
    with pytest.raises(TextEncodingError, match="encoding='utf-16'"):
        corpora.load(text(PROSE.encode("utf-16")))


def test_damaged_bytes_are_dropped_when_told_to(text):
    path = text(b"One th\xa1ng.\nTwo.\nThree.\n")
    corpus = corpora.from_text(path, replace_errors=True)
    assert corpus.train == [["one", "th", "ng", "."]]


@pytest.mark.parametrize("encoding", ["no-such", "zip", "rot13", ""])
def test_an_encoding_that_does_not_exist_is_told(text, encoding):
    with pytest.raises(TextEncodingError, match="Python knows"):
        corpora.from_text(text(PROSE), encoding=encoding)


def test_a_binary_file_is_told(text):
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    for encoding in ("utf-8", "latin-1"):
        with pytest.raises(BinaryFileError, match="byte 8 is zero"):
            corpora.from_text(text(picture, "cat.txt"), encoding=encoding)


@pytest.mark.parametrize("content", ["", "\n\n \n", "1984 + 2001", codecs.BOM_UTF8])
def test_a_text_without_a_word_is_told(text, content):
    with pytest.raises(EmptyTextError, match="no words"):
        corpora.load(text(content))


def test_characters_are_offered_where_there_are_no_words(text):
    path = text("3 1 4\n1 5 9\n2 6 5\n")
    with pytest.raises(EmptyTextError, match="unit='characters'"):
        corpora.load(path)
    assert corpora.from_text(path, "characters", boundary="lines").train == [
        ["3", " ", "1", " ", "4"]
    ]


def test_a_text_of_one_word_has_nothing_to_split_but_can_be_trained_on(text):
    path = text("word")
    with pytest.raises(TooFewSentencesError, match=r"at least 3 .* got 1.*fractions=\(1, 0, 0\)"):
        corpora.load(path)
    assert corpora.from_text(path, fractions=(1, 0, 0)).train == [["word"]]


def test_a_gigabyte_is_refused_at_once_and_its_beginning_read_when_asked(text):
    path = text(PROSE)
    os.truncate(path, 10**9)  # sparse: what follows the prose takes no room on the disk
    with pytest.raises(TextTooLargeError, match=r"1,000 MB.*100 MB.*first_bytes"):
        corpora.load(path)
    beginning = corpora.from_text(path, first_bytes=len(PROSE))
    assert everything(beginning) == everything(corpora.from_text(text(PROSE, "small.txt")))


def test_the_first_bytes_end_at_a_whole_line(text):
    path = text("Zoë one.\nZoë two.\nZoë three.\nZoë four.\n")
    everything_in = corpora.from_text(path, fractions=(1, 0, 0))
    for n in range(1, path.stat().st_size + 1):
        lines = path.read_bytes()[:n].count(b"\n")
        if lines:
            cut = corpora.from_text(path, first_bytes=n, fractions=(1, 0, 0))
            assert cut.train == everything_in.train[:lines]


@pytest.mark.parametrize("source", ["no/such/file.txt", "wikitext-3", "", "x" * 5000])
def test_a_source_that_does_not_exist_is_told_with_those_that_do(source):
    with pytest.raises(UnknownCorpusError, match="grammar, python-docs, tiny-shakespeare"):
        corpora.load(source)
    assert issubclass(UnknownCorpusError, CorpusError)


def test_from_text_tells_a_path_that_does_not_exist(tmp_path):
    with pytest.raises(UnknownCorpusError, match="is the path right"):
        corpora.from_text(tmp_path / "novel.txt")


def test_a_folder_is_read_in_the_order_of_names_hidden_files_left_out(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    for name, content in {
        "b.TXT": "Second.",
        "a.txt": "First.",
        "sub/c.md": "Third.",
        "notes.docx": "Not text.",
        ".hidden.txt": "Not shown.",
        ".git/d.txt": "Not shown either.",
    }.items():
        (tmp_path / name).write_text(content)
    names = [sentence[0] for sentence in everything(corpora.load(tmp_path))]
    assert names == ["first", "second", "third"]


def test_the_first_bytes_of_a_folder_are_those_of_its_first_files(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(f"This is {name}.\n")
    taken = corpora.from_text(tmp_path, first_bytes=22, fractions=(1, 0, 0)).train
    assert [s[2] for s in taken] == ["a", "b"]


def test_a_folder_without_text_is_told(tmp_path):
    (tmp_path / "song.mp3").write_bytes(b"\0")
    with pytest.raises(NoTextFilesError, match=r"\.txt.*found none"):
        corpora.load(tmp_path)


def test_tiny_shakespeare_read_as_a_users_file_is_the_shared_tokenisation():
    raw = shared("tinyshakespeare.raw.txt")
    expected = [
        line.split()
        for part in ("train", "test")
        for line in shared(f"tinyshakespeare.{part}.txt").read_text().splitlines()
    ]
    corpus = corpora.from_text(raw, boundary="lines")
    assert everything(corpus) == expected
    assert len(corpus.test) == 3278


def test_a_folder_of_speeches_is_read(tmp_path):
    with zipfile.ZipFile(shared("inaugural.zip")) as archive:
        archive.extractall(tmp_path)
    with pytest.raises(TextEncodingError, match=r"2005-Bush.txt .* 837 .*replace_errors=True"):
        corpora.load(tmp_path)
    corpus = corpora.from_text(tmp_path, replace_errors=True)
    assert 120_000 < sum(map(len, everything(corpus))) < 170_000
    assert corpus.train[0][:3] == ["fellow", "-", "citizens"]


# --- the grammar ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn():
    """Return a small corpus of the grammar."""
    return corpora.from_grammar(train_tokens=3000, valid_tokens=500, test_tokens=1000)


def test_the_grammar_is_drawn_in_three_splits_of_the_sizes_asked_for(drawn):
    for part, least in ((drawn.train, 3000), (drawn.valid, 500), (drawn.test, 1000)):
        scored = sum(len(sentence) + 1 for sentence in part)
        assert least <= scored < least + 100
    grammar = Grammar.load()
    assert all(grammar.log_prob(sentence) > float("-inf") for sentence in everything(drawn))


def test_a_longer_train_leaves_valid_and_test_as_they_were(drawn):
    longer = corpora.from_grammar(train_tokens=6000, valid_tokens=500, test_tokens=1000)
    assert (longer.valid, longer.test) == (drawn.valid, drawn.test)
    assert longer.train[: len(drawn.train)] == drawn.train
    assert drawn.train[:20] != drawn.test[:20]


def test_another_seed_or_another_language_is_another_corpus(drawn):
    other = corpora.from_grammar(train_tokens=3000, seed=1)
    far = corpora.from_grammar(train_tokens=3000, grammar=Grammar.load(parameters=PRESETS["far"]))
    assert drawn.train != other.train
    assert mean_length(far.train) > mean_length(drawn.train) + 3


def mean_length(part):
    return sum(map(len, part)) / len(part)


def test_the_grammar_is_the_default(drawn):
    corpus = corpora.load()
    assert corpus.train[: len(drawn.train) - 1] == drawn.train[:-1]
    characters = corpora.load("grammar", "characters")
    assert "".join(characters.valid[0]).split() == corpus.valid[0]


# --- python-docs ---------------------------------------------------------------------------------


def test_python_docs_are_prose_without_code():
    corpus = corpora.load("python-docs")
    text = everything(corpus)
    assert 20_000 < sum(map(len, text)) < 200_000
    assert corpora.load("python-docs") == corpus
    in_train = {" ".join(sentence) for sentence in corpus.train}
    long = [s for s in corpus.test if len(s) > 10]
    assert sum(" ".join(s) in in_train for s in long) < 0.03 * len(long)
    long = [s for s in text if len(s) > 5]
    assert sum(s[-1] in ".:?!" for s in long) > 0.9 * len(long)
    assert not any("def" in s[:1] or "stmt" in s for s in text)


# --- downloads -----------------------------------------------------------------------------------


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; a few paths misbehave."""

    def do_GET(self):
        self.server.paths.append(self.path)
        if self.path.startswith("/cut/"):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x" * 1000)
            self.close_connection = True
        elif self.path.startswith("/broken/"):
            self.send_error(503, "Down for repairs")
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    paths: list[str]


@pytest.fixture
def no_proxy(monkeypatch):
    """Talk to this machine itself, whatever this network prescribes."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def server(tmp_path, no_proxy):
    """Run a web server on this machine that serves `tmp_path/web`."""
    web = tmp_path / "web"
    web.mkdir()
    handler = functools.partial(Handler, directory=web)
    with Server(("127.0.0.1", 0), handler) as running:
        running.paths = []
        running.folder = web
        running.address = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def remote(url, content):
    return RemoteFile(url, f"sha256:{hashlib.sha256(content).hexdigest()}")


def left_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_fetched_once(server, tmp_path):
    (server.folder / "text.txt").write_bytes(b"words")
    file = remote(f"{server.address}/text.txt", b"words")
    for _ in range(2):
        path = fetch(file, tmp_path / "cache", progress=False)
        assert path.read_bytes() == b"words"
    assert server.paths == ["/text.txt"]


def test_progress_is_shown_when_wanted(server, tmp_path, capsys):
    (server.folder / "text.txt").write_bytes(b"words" * 10_000)
    file = remote(f"{server.address}/text.txt", b"words" * 10_000)
    fetch(file, tmp_path / "one", progress=False)
    assert "100%" not in capsys.readouterr().err
    fetch(file, tmp_path / "two")
    assert "100%" in capsys.readouterr().err


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    (server.folder / "text.txt").write_bytes(b"<html>Please log in</html>")
    with pytest.raises(ChecksumError, match=r"checksum sha256:.*login"):
        fetch(remote(f"{server.address}/text.txt", b"words"), tmp_path / "cache", progress=False)
    assert left_in(tmp_path / "cache") == []


def test_a_cut_download_leaves_nothing(server, tmp_path):
    with pytest.raises(DownloadError, match="broke off"):
        fetch(
            remote(f"{server.address}/cut/a.txt", b"x" * 10**6), tmp_path / "cache", progress=False
        )
    assert left_in(tmp_path / "cache") == []


@pytest.mark.parametrize(("path", "answer"), [("none.txt", "404"), ("broken/a.txt", "503 Down")])
def test_a_server_that_refuses_is_quoted(server, tmp_path, path, answer):
    with pytest.raises(DownloadError, match=f"answered {answer}"):
        fetch(remote(f"{server.address}/{path}", b"words"), tmp_path / "cache", progress=False)
    assert left_in(tmp_path / "cache") == []


@pytest.mark.usefixtures("no_proxy")
def test_without_a_network_it_says_so_and_what_works_offline(tmp_path):
    # Nothing listens on the reserved port 1, and no name server knows .invalid.
    for address in ("http://127.0.0.1:1", "http://words.invalid"):
        with pytest.raises(OfflineError, match=r"online\?.*grammar.*python-docs.*elsewhere"):
            fetch(remote(f"{address}/a.txt", b"words"), tmp_path / "cache", progress=False)
    assert left_in(tmp_path / "cache") == []


def test_a_damaged_copy_is_fetched_anew_and_kept_when_that_fails(server, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "text.txt").write_bytes(b"wor")
    file = remote(f"{server.address}/text.txt", b"words")
    with pytest.raises(DownloadError, match="404"):
        fetch(file, cache, progress=False)
    assert (cache / "text.txt").read_bytes() == b"wor"
    (server.folder / "text.txt").write_bytes(b"words")
    assert fetch(file, cache, progress=False).read_bytes() == b"words"


@pytest.mark.usefixtures("no_proxy")
def test_a_file_put_into_the_cache_by_hand_needs_no_network(tmp_path):
    (tmp_path / "text.txt").write_bytes(b"words")
    path = fetch(remote("http://127.0.0.1:1/text.txt", b"words"), tmp_path, progress=False)
    assert path == tmp_path / "text.txt"


def test_a_cache_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "cache").write_text("a file, no folder")
    with pytest.raises(DownloadError, match=r"cannot be written.*NEXTWORD_CACHE"):
        fetch(remote(f"{server.address}/a.txt", b"words"), tmp_path / "cache", progress=False)


# --- named corpora -------------------------------------------------------------------------------


def test_tiny_shakespeare_has_the_shared_files_as_its_splits(server, tmp_path, monkeypatch):
    (server.folder / "input.txt").write_bytes(shared("tinyshakespeare.raw.txt").read_bytes())
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    corpus = corpora.from_name("tiny-shakespeare", mirror=server.address, progress=False)
    train = shared("tinyshakespeare.train.txt").read_text().splitlines()
    test = shared("tinyshakespeare.test.txt").read_text().splitlines()
    assert [*corpus.train, *corpus.valid] == [line.split() for line in train]
    assert corpus.test == [line.split() for line in test]
    assert corpora.load("tiny-shakespeare") == corpus  # from the cache
    characters = corpora.load("tiny-shakespeare", "characters")
    assert "".join(characters.train[0]) == "First Citizen:"


def checksummed(name, contents):
    """Return a named corpus as it is, but with the checksums of these contents."""
    files = tuple(
        remote(file.url, content) for file, content in zip(NAMED[name].files, contents, strict=True)
    )
    return NamedCorpus(files, NAMED[name].words, NAMED[name].members)


SPLITS = [
    b" no it was n't <unk> N \n and so on \n",
    b" valid one \n",
    b" \n = Title = \n \n test\n",
]


def test_penn_treebank_is_three_files_taken_as_they_are(server, tmp_path, monkeypatch):
    for part, content in zip(("train", "valid", "test"), SPLITS, strict=True):
        (server.folder / f"ptb.{part}.txt").write_bytes(content)
    fake = {"penn-treebank": checksummed("penn-treebank", SPLITS)}
    monkeypatch.setattr("nextword.corpora.named.NAMED", fake)
    corpus = corpora.from_name(
        "penn-treebank", cache=tmp_path / "cache", mirror=server.address + "/", progress=False
    )
    assert corpus.train == [["no", "it", "was", "n't", "<unk>", "N"], ["and", "so", "on"]]
    assert corpus.valid == [["valid", "one"]]
    assert corpus.test == [["=", "Title", "="], ["test"]]


def test_wikitext_is_read_inside_its_archive(server, tmp_path, monkeypatch):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for part, content in zip(("train", "valid", "test"), SPLITS, strict=True):
            opened.writestr(f"wikitext-2/wiki.{part}.tokens", content)
    (server.folder / "wikitext-2-v1.zip").write_bytes(archive.getvalue())
    fake = {"wikitext-2": checksummed("wikitext-2", [archive.getvalue()])}
    monkeypatch.setattr("nextword.corpora.named.NAMED", fake)
    cache = tmp_path / "cache"
    corpus = corpora.from_name("wikitext-2", cache=cache, mirror=server.address, progress=False)
    assert (corpus.train[1], corpus.test[0]) == (["and", "so", "on"], ["=", "Title", "="])
    assert [path.name for path in left_in(cache)] == ["wikitext-2-v1.zip"]


def test_an_impostor_is_refused(server, tmp_path):
    (server.folder / "wikitext-2-v1.zip").write_bytes(b"another file")
    with pytest.raises(ChecksumError):
        corpora.from_name("wikitext-2", cache=tmp_path, mirror=server.address, progress=False)


def test_a_name_that_is_none_is_told():
    with pytest.raises(UnknownCorpusError, match="tiny-shakespeare, penn-treebank, wikitext-2"):
        corpora.from_name("brown")


def test_every_named_corpus_is_documented_with_its_address_and_checksum():
    readme = (REPO / "data" / "corpora" / "README.md").read_text()
    for name, corpus in NAMED.items():
        assert f"`{name}`" in readme
        for file in corpus.files:
            assert file.url in readme
            assert file.checksum.removeprefix("sha256:") in readme
