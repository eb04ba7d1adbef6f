"""What Sphinx and MyST-NB write that a screen reader cannot make sense of, put right."""

from __future__ import annotations

import re

_NAMED_OTHERWISE = '<summary aria-label="Toggle hidden content">'
_EMPTY_HEAD = re.compile(r"<th((?: [^>]*)?)>\s*(?:<p>\s*</p>\s*)?</th>")
_PARAMETERS = re.compile(r"<dl>\n((?:<dd>(?:(?!</?d[ld]>).)*</dd>\n)+)</dl>", re.DOTALL)


def mended(body: str) -> str:
    """Return the HTML of a page that can be listened to.

    What folds code away is named by the words that it shows; the empty corner of a table is no
    heading; the lines of a signature are lines, and no list of definitions without terms.

    Parameters
    ----------
    body
        Of a page, as Sphinx wrote it.

    Examples
    --------
    >>> mended("<th></th><th>loss</th>")
    '<td></td><th>loss</th>'
    """
    body = body.replace(_NAMED_OTHERWISE, "<summary>")
    body = _EMPTY_HEAD.sub(r"<td\1></td>", body)
    return _PARAMETERS.sub(lambda found: _as_lines(found[1]), body)


def _as_lines(parameters: str) -> str:
    return parameters.replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
