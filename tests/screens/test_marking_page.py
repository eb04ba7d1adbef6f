"""The page on which a person marks: it works by keyboard, and a student's answer does nothing."""

import pytest

from autograder.classroom.marking import mark_of
from tests.screens.payloads import NAMES
from tests.screens.pictures import keep

pytestmark = pytest.mark.browser


def test_answers_are_marked_by_keyboard_and_do_nothing(look, marking):
    window = look(marking.address, f"http://{marking.host}")
    page = window.page
    picture = page.locator("#answer img").first
    assert picture.evaluate("image => image.naturalWidth") == 300
    assert "<script>top.__pwned=1</script>" in page.inner_text("#answer").replace("\u200b", "")
    assert "A model answer." in page.inner_text("main")
    assert all(name not in page.inner_text("main") for name in NAMES if name != "ada")
    keep(page, "hostile-mark", whole=True)
    page.set_viewport_size({"width": 360, "height": 760})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    keep(page, "hostile-mark-phone", whole=True)
    for left in range(len(NAMES) - 1, -1, -1):
        page.keyboard.press("3")
        assert page.locator("#points").input_value() == "3"
        page.keyboard.press("c")
        page.keyboard.type("nk3")  # no keys of the page while somebody types
        page.keyboard.press("Control+Enter")
        words = f"{left} without a mark" if left else "Everything has a mark"
        page.get_by_text(words).wait_for()
    assert [mark_of(place).points for place in marking.places] == [3.0] * len(NAMES)
    assert {mark_of(place).comment for place in marking.places} == {"nk3"}
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("k")
    assert not window.acted()
    assert window.foreign() == []
