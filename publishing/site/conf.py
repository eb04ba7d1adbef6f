"""Sphinx's settings for the site. Everything that a page needs lies beside it: no network."""

import re
import typing
from typing import Any

from sphinx.application import Sphinx

from publishing.site.mending import mended

typing.GENERATING_DOCUMENTATION = True  # type: ignore[attr-defined]  # jaxtyping then shows shapes

project = "Next Word"
author = "The authors of Next Word"
project_copyright = "The authors of Next Word. Text and figures CC BY 4.0, code BSD 3-Clause"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["pictures/*.txt", "api/pages.txt"]
# Errors of one name in two modules of a room are told apart by their modules.
suppress_warnings = ["ref.python"]

# Lectures come executed, with figures beside them; assignments are shown and not run.
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline", "attrs_block"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 72
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "code"

mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {"options": {"enableMenu": True}}

html_theme = "pydata_sphinx_theme"
html_title = "Next Word"
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_sidebars: dict[str, list[str]] = {"index": []}
html_theme_options = {
    "logo": {"text": "Next Word"},
    "navbar_align": "content",
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "collapse_navigation": True,
    "show_toc_level": 1,
    "show_prev_next": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}

_TYPE = re.compile(r"^(:(?:var)?type [^:]+:) (.+)$")
_MODULE = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(?=\w)")


def _as_they_are(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Show types in short, and leave shapes such as "*paths" alone, which are no emphasis."""
    for number, line in enumerate(lines):
        if found := _TYPE.match(line):
            lines[number] = f"{found[1]} ``{_MODULE.sub('', found[2])}``"


def _mend(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    if "body" in context:
        context["body"] = mended(context["body"])


def setup(app: Sphinx) -> None:
    """Look at docstrings after napoleon did, and at pages before they are written."""
    app.connect("html-page-context", _mend)
    app.connect("autodoc-process-docstring", _as_they_are, priority=900)
