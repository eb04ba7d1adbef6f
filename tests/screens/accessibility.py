"""Whether everybody can use a page: axe looks at it, and a keyboard walks it.

axe-core comes from npm, as `publishing/node/package-lock.json` has it. Where there is no npm, tests
that need it are skipped with a word, and fail in CI.
"""

import functools
import os

import pytest

from publishing.node_programs import NoNode, packages

PHONE, DESKTOP = (360, 760), (1280, 900)
CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"

_LOOK = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    const why = node => node.failureSummary.split("\\n").slice(1, 3).join("; ");
    return found.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id}: ${node.target.join(" ")}: ${why(node)}`));
}"""
_NUMBER = """controls => {
    const seen = element => element.checkVisibility({visibilityProperty: true})
        && element.getClientRects().length > 0 && !element.disabled && element.tabIndex >= 0;
    const found = Array.from(document.querySelectorAll(controls)).filter(seen);
    found.forEach((element, index) => { element.dataset.walked = index; });
    return found.map(element =>
        `${element.tagName} ${element.id} ${element.textContent.trim().slice(0, 40)}`);
}"""
_WHERE = """() => {
    const here = document.activeElement;
    if (here === null || here === document.body) return null;
    const style = getComputedStyle(here);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return {number: here.dataset.walked ?? null, seen: outlined || style.boxShadow !== "none",
            name: `${here.tagName} ${here.id} ${here.textContent.trim().slice(0, 40)}`};
}"""


def npm_packages():
    """Return the folder of npm's packages; a test that wants it is skipped without, but for CI."""
    try:
        folder = packages()
    except NoNode as problem:
        pytest.fail(str(problem)) if os.environ.get("CI") else pytest.skip(str(problem))
    return folder


@functools.cache
def _axe():
    return (npm_packages() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def findings(page):
    """Return what axe finds on a page that is open: all its rules, best practice included."""
    page.evaluate(_axe())
    return page.evaluate(_LOOK)


def keyboard_findings(page):
    """Return which controls Tab does not reach, and which do not show that they are reached."""
    names = page.evaluate(_NUMBER, CONTROLS)
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached, unseen = set(), []
    for _ in range(2 * len(names) + 20):
        page.keyboard.press("Tab")
        here = page.evaluate(_WHERE)
        if here is None:
            if len(reached) == len(names):
                break
            continue
        if not here["seen"]:
            unseen.append(f"{here['name']} does not show that it is reached")
        if here["number"] is not None:
            reached.add(int(here["number"]))
        if len(reached) == len(names):
            break
    missed = [name for number, name in enumerate(names) if number not in reached]
    return sorted({f"{name} is not reached by Tab" for name in missed} | set(unseen))
