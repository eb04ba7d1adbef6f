"""What a student might write to get at whoever looks at it.

Each sets `top.__pwned`, or asks a host that is none of ours for something.
"""

import base64

ACT = "top.__pwned=1"
ELSEWHERE = "http://elsewhere.test"
_PAGE = f"<script>{ACT};parent.__pwned=1;top.location='{ELSEWHERE}/moved'</script>"
_DATA = "data:text/html;base64," + base64.b64encode(_PAGE.encode()).decode()

ACTING_BY_THEMSELVES = {
    "script": f"<script>{ACT}</script>",
    "script from elsewhere": f'<script src="{ELSEWHERE}/x.js"></script>',
    "svg onload": f"<svg onload={ACT}>",
    "svg script": f"<svg><script>{ACT}</script></svg>",
    "img onerror": f"<img src=x onerror={ACT}>",
    "img in a paragraph": f'Because <img/src="x"/onerror={ACT}> of the *window*.',
    "video onerror": f"<video src=x onerror={ACT}></video>",
    "details ontoggle": f"<details open ontoggle={ACT}>more</details>",
    "input autofocus": f"<input autofocus onfocus={ACT}>",
    "iframe srcdoc": f'<iframe srcdoc="<script>{ACT}</script>"></iframe>',
    "iframe javascript": f'<iframe src="javascript:{ACT}"></iframe>',
    "style import": f'<style>@import "{ELSEWHERE}/x.css";</style>',
    "style background": f"<p style=\"background:url('{ELSEWHERE}/x.png')\">text</p>",
    "stylesheet": f'<link rel="stylesheet" href="{ELSEWHERE}/x.css">',
    "meta refresh": f'<meta http-equiv="refresh" content="0;url={ELSEWHERE}/moved">',
    "object": f'<object data="{ELSEWHERE}/x"></object>',
    "embed": f'<embed src="{ELSEWHERE}/x">',
    "picture from elsewhere": f'<img src="{ELSEWHERE}/x.png">',
    "block of its own": f"\n\n<div>\n<script>\n{ACT}\n</script>\n</div>\n\n",
    "upper case": f"<ScRiPt>{ACT}</sCrIpT>",
    "behind a comment": f"<!-- --><script>{ACT}</script>",
    "formula with a tag": f"\\begin{{equation}}<img src=x onerror={ACT}>\\end{{equation}}",
}
"""Markdown that acts where a browser shows it as HTML, without a click."""

ACTING_WHEN_CLICKED = {
    "html link": f'<a href="javascript:{ACT}">click</a>',
    "form action": f'<form action="javascript:{ACT}"><button>click</button></form>',
    "data link": f'<a href="{_DATA}">click</a>',
    "svg link": f'<svg><a href="javascript:{ACT}"><text y="9">click</text></a></svg>',
    "mathml link": f'<math><mtext><a href="javascript:{ACT}">click</a></mtext></math>',
}

MARKDOWN_LINKS = {
    "link": f"[click](javascript:{ACT})",
    "link in angles": f"[click](<javascript:{ACT}>)",
    "link with an entity": f"[click](java&#115;cript:{ACT})",
    "link with a colon's entity": f"[click](javascript&colon;{ACT})",
    "link with a title": f'[click](javascript:{ACT} "title")',
    "upper-case link": f"[click](JaVaScRiPt:{ACT})",
    "link behind space": f"[click]( javascript:{ACT})",
    "reference": f"[click][evil]\n\n[evil]: javascript:{ACT}",
    "reference by itself": f"[evil2]\n\n[evil2]: <javascript:{ACT}>",
    "autolink": f"<javascript:{ACT}>",
    "data": f"[click]({_DATA})",
    "vbscript": "[click](vbscript:msgbox)",
    "picture with a script": f"![x](javascript:{ACT})",
    "markdown picture from elsewhere": f"![x]({ELSEWHERE}/x.png)",
    "picture by reference": f"![x][far]\n\n[far]: {ELSEWHERE}/y.png",
    "picture in a link": f"[![x]({ELSEWHERE}/x.png)](javascript:{ACT})",
    "formula with a link": rf"$\href{{javascript:{ACT}}}{{click}}$",
    "attribute in a title": f'[x](https://a.test "\\" onmouseover={ACT} x=\\"")',
    "attribute in an alternative text": f'![" onerror={ACT} x="](attachment:plot.png)',
}
"""What becomes a link or a picture only in markdown."""

MUTATIONS = {
    "mathml mutation": (
        "<math><mtext><table><mglyph><style><!--</style>"
        f'<img title="--&gt;&lt;img src=1 onerror={ACT}&gt;">'
    ),
    "noscript mutation": f'<noscript><p title="</noscript><img src=x onerror={ACT}>">',
    "foreign content": f'<svg></p><style><a id="</style><img src=1 onerror={ACT}>">',
    "code that closes": f"```\n</code></pre><script>{ACT}</script>\n```",
    "language of code": f'```"><script>{ACT}</script>\nx\n```',
    "mermaid": f'```mermaid\nclick A "javascript:{ACT}"\n</pre><script>{ACT}</script>\n```',
    "table": f"| a | b |\n|---|---|\n| <img src=x onerror={ACT}> | b |",
    "heading": f"# <svg onload={ACT}> heading",
    "heading named as a score": "# perplexity-graded",
    "template": "{{ 7 * 7 }} {% raw %} {{ cell }}",
}
"""What has got past sanitisers and templates."""

MARKDOWN = ACTING_BY_THEMSELVES | ACTING_WHEN_CLICKED | MARKDOWN_LINKS | MUTATIONS

_SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{ACT}"><script>{ACT}</script></svg>'
_HTML = f"<img src=x onerror={ACT}><script>{ACT}</script>"


def _display(data, metadata=None):
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def outputs(png):
    """Return displays that act, and a picture that is one, made from `png` in base64."""
    return [
        _display({"text/html": _HTML, "text/plain": "shown instead of HTML"}),
        _display({"text/html": _HTML}, {"text/html": {"isolated": True}}),
        _display({"image/svg+xml": _SVG}),
        _display({"application/javascript": ACT}),
        _display({"text/markdown": f"[click](javascript:{ACT}) {_HTML}"}),
        _display({"text/latex": rf"$\href{{javascript:{ACT}}}{{click}}$ {_HTML}"}),
        _display({"application/json": {"x": _HTML}}),
        _display({"application/vnd.jupyter.widget-view+json": {"model_id": f'"{_HTML}'}}),
        _display({"text/vnd.mermaid": f"click A 'javascript:{ACT}'"}),
        _display({"application/pdf": _HTML}),
        _display({"image/png": f'x" onerror="{ACT}'}),
        _display({"image/png": base64.b64encode(_SVG.encode()).decode()}),
        _display({"image/jpeg": png, "text/plain": "no jpeg"}),
        _display(
            {"image/png": png, "text/plain": "<Figure>"},
            {"image/png": {"width": f'1 onload="{ACT}"', "alt": f'" onload="{ACT}'}},
        ),
        {"output_type": "stream", "name": "stdout", "text": f"\x1b[31m{_HTML}\x1b[0m\n"},
        {"output_type": "stream", "name": "stderr", "text": f"\x1b]8;;javascript:{ACT}\x07{_HTML}"},
        {
            "output_type": "error",
            "ename": _HTML,
            "evalue": f"\x1b[31m{_HTML}",
            "traceback": [f"\x1b[0;31m{_HTML}\x1b[0m", f"</pre>{_HTML}"],
        },
        {
            "output_type": "execute_result",
            "data": {"text/plain": f"\x1b[1m</pre>{_HTML}"},
            "metadata": {},
            "execution_count": 3,
        },
    ]


NAMES = [f"<img src=x onerror={ACT}>", f"\"'><svg onload={ACT}>", f"';{ACT};'", "ada"]
"""Names of students, which are names of folders: no slashes."""
