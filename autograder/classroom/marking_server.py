"""The local page on which a person marks written answers.

It listens on this machine only. Who has not the token, which stands in the address that is printed,
gets nothing; a page of another site can neither read nor send anything, as the cookie is kept to
this one, requests name their host, and forms carry the token again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import math
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from autograder.classroom.feedback import page
from autograder.classroom.marking import Mark, Place, mark_of, rubric, set_mark
from autograder.errors import CourseError

_LARGEST = 200_000
"""Bytes of a form: a comment may be long, not endless."""
_COOKIE = "autograder-mark"


class MarkingServer(http.server.HTTPServer):
    """Shows answers and sets marks, one request after the other.

    Parameters
    ----------
    places
        What there is to mark, in the order in which it is shown.
    by
        Who marks, for the log.
    port
        0 for any that is free.
    """

    def __init__(self, places: Sequence[Place], by: str, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.places = places
        self.by = by
        self.token = secrets.token_urlsafe(32)
        self.waiting = [mark_of(place).points is None for place in places]
        self.changed: set[str] = set()
        self.script = (
            files("autograder.classroom").joinpath("templates/marking.js").read_text("utf-8")
        )

    @property
    def host(self) -> str:
        """What browsers call it."""
        return f"127.0.0.1:{self.server_port}"

    @property
    def address(self) -> str:
        """The address to open, with the token."""
        return f"http://{self.host}/?token={self.token}"

    @property
    def policy(self) -> str:
        """What the page may do: run our one script, show pictures that it holds, send its form."""
        digest = base64.b64encode(hashlib.sha256(self.script.encode()).digest()).decode()
        return (
            f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src "
            f"'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )

    def next_waiting(self, after: int) -> int | None:
        """Return the next answer without a mark behind a place, from the beginning at the end."""
        count = len(self.places)
        around = ((after + step) % count for step in range(1, count + 1))
        return next((index for index in around if self.waiting[index]), None)

    def html(self, index: int, said: str = "", form: Mapping[str, str] | None = None) -> str:
        """Return the page of one answer."""
        place = self.places[index]
        mark = mark_of(place)
        self.waiting[index] = mark.points is None
        same = [i for i, each in enumerate(self.places) if self._alike(each, place)]
        return page(
            "marking.html.j2",
            assignment=place.session.name,
            question=place.name,
            number=same.index(index) + 1,
            count=len(same),
            left=sum(self.waiting),
            index=index,
            last=len(self.places) - 1,
            mark=mark,
            typed=form or _as_typed(mark),
            answer=place.html,
            digest=place.digest,
            rubric=rubric(place.session, place.name),
            token=self.token,
            said=said,
            script=self.script,
        )

    @staticmethod
    def _alike(one: Place, other: Place) -> bool:
        key = (one.name, one.session.notebook_name)
        return key == (other.name, other.session.notebook_name)

    def take(self, form: Mapping[str, str]) -> tuple[int, str]:
        """Set the mark that a form brings; return which answer it was of, and what went wrong."""
        index = _index(form.get("index", ""), len(self.places))
        place = self.places[index]
        try:
            points = _number(form.get("points", ""))
            mark = Mark(
                points,
                mark_of(place).max_points,
                form.get("comment", ""),
                _number(form.get("extra") or "0"),
            )
            set_mark(place, mark, form.get("digest", ""), self.by, form.get("why", ""))
        except (ValueError, CourseError) as error:
            return index, str(error)
        self.waiting[index] = False
        self.changed.add(place.student)
        return index, ""


def _as_typed(mark: Mark | None) -> dict[str, str]:
    """Return a mark as its form has it."""
    points = "" if mark is None or mark.points is None else f"{mark.points:g}"
    comment, extra = (mark.comment, mark.extra) if mark else ("", 0.0)
    return {"points": points, "comment": comment, "extra": f"{extra:g}", "why": ""}


def _index(words: str, count: int) -> int:
    """Return a place's number; of what is none, the first."""
    return int(words) if words.isdecimal() and len(words) < 9 and int(words) < count else 0


def _number(words: str) -> float:
    """Return a number that a person typed, whose comma may be a decimal one."""
    try:
        number = float(words.strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"Expected a number of points, came {words!r}")
    return number


class _Handler(http.server.BaseHTTPRequestHandler):
    server: MarkingServer
    timeout = 10

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing: the terminal is the person's who marks."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if not self._from_here():
            self._refuse()
        elif url.path == "/" and self._is_token(asked.get("token", "")):
            self._go_to(self.server.next_waiting(-1) or 0, cookie=True)
        elif not self._is_token(self._cookie()):
            self._refuse()
        elif url.path == "/next":
            index = _index(asked.get("after", ""), len(self.server.places))
            following = self.server.next_waiting(index)
            self._go_to(index if following is None else following)
        elif url.path == "/":
            self._show(self.server.html(_index(asked.get("i", ""), len(self.server.places))))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        text = self.rfile.read(int(length)).decode("utf-8", "replace")
        try:
            sent = parse_qs(text, keep_blank_values=True, max_num_fields=20)
        except ValueError:  # more fields than the page's form has
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        form = {name: values[-1] for name, values in sent.items()}
        if not (
            self._from_here()
            and self._is_token(self._cookie())
            and self._is_token(form.get("token", ""))
        ):
            self._refuse()
            return
        form = _as_typed(None) | form
        index, wrong = self.server.take(form)
        if wrong:
            self._show(self.server.html(index, wrong, form), HTTPStatus.CONFLICT)
            return
        following = self.server.next_waiting(index)
        self._go_to(index if following is None else following)

    def _from_here(self) -> bool:
        """Return whether a request is for this machine by its own name, and from this page."""
        origin = self.headers.get("Origin")
        here = self.server.host
        return self.headers.get("Host") == here and origin in (None, f"http://{here}")

    def _cookie(self) -> str:
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(_COOKIE)
        except CookieError:
            return ""
        return found.value if found else ""

    def _is_token(self, words: str) -> bool:
        return hmac.compare_digest(words.encode(), self.server.token.encode())

    def _refuse(self) -> None:
        self.send_error(HTTPStatus.FORBIDDEN, "Open the address that the terminal shows")

    def _go_to(self, index: int, cookie: bool = False) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", f"/?i={index}")
        if cookie:
            words = f"{_COOKIE}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
            self.send_header("Set-Cookie", words)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _show(self, html: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        content = html.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", self.server.policy)
        # Without any referrer, a browser would send its form with the origin "null".
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)
