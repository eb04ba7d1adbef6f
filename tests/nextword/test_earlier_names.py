import importlib
import pkgutil
import subprocess
import sys

import pytest

import nextword
from nextword.earlier_names import PLACES, install


@pytest.mark.parametrize("earlier", sorted(PLACES))
def test_an_earlier_name_gives_the_very_module(earlier):
    assert importlib.import_module(earlier) is importlib.import_module(PLACES[earlier])


def test_every_statement_of_a_notebook_that_is_out_works_in_a_new_process():
    statements = (
        "from nextword import corpora, plots",
        "from nextword.ngram import AddDelta",
        "import nextword.vocabulary as words, nextword.training",
        "from nextword.models.ngram import AddDelta as new",
        "assert AddDelta is new and nextword.training.train and words.Vocabulary",
        "assert plots is __import__('nextword.pictures.plots').pictures.plots",
        "assert new.__module__ == 'nextword.models.ngram'",
    )
    subprocess.run([sys.executable, "-c", "\n".join(statements)], check=True)


def test_no_new_module_hides_behind_an_earlier_name():
    standing = {found.name for found in pkgutil.iter_modules(nextword.__path__, "nextword.")}
    assert not standing & {*PLACES}


def test_installing_twice_adds_one_finder():
    before = len(sys.meta_path)
    install()
    assert len(sys.meta_path) == before


def test_a_name_that_never_was_is_refused_in_pythons_words():
    with pytest.raises(ModuleNotFoundError, match=r"nextword\.trigram"):
        importlib.import_module("nextword.trigram")
