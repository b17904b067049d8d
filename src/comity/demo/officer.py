"""An officer at his pages: signs in, fills in forms, reads where a case stands. Over HTTPS, as a browser would."""

from __future__ import annotations

import html
import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from comity.demo.nodes import Node
from comity.errors import ComityError, Unreachable

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_PROBLEM = re.compile(r'<[^>]*(?:role="alert"|class="[^"]*\bproblem\b[^"]*")[^>]*>(.*?)</', re.DOTALL)
Fields = Mapping[str, str | Sequence[str]]


class Refused(ComityError):
    """The page did not take what was filled in; the message is what it said."""


class Officer:
    """One officer's session at one node.

    Args:
        node: where he signs in.
        username: as whom.
    """

    def __init__(self, node: Node, username: str) -> None:
        self.node, self.username = node, username
        self.person = next(person for person in node.people if person.username == username)
        context = ssl.create_default_context(cafile=str(node.home / "keys" / "tls.crt"))
        self._http = httpx2.Client(
            base_url=node.officers, verify=context, timeout=httpx2.Timeout(60.0, connect=5.0), trust_env=False,
            headers={"Accept-Language": node.language},
        )  # fmt: skip
        self._signed_in = False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, method: str, path: str, **given: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **given)
        except (httpx2.HTTPError, OSError) as error:
            raise Unreachable(
                f"The node of {self.node.state} did not answer: {error}", code="demo.unreachable"
            ) from error

    def _sign_in(self) -> None:
        password = self.node.passwords[self.username]
        answer = self._post("/sign-in", {"username": self.username, "password": password})
        if answer.status_code != 303:
            raise Refused(_said(answer), code="demo.sign-in")
        self._signed_in = True

    def _post(self, path: str, fields: Fields) -> httpx2.Response:
        page = self._send("GET", path)
        token = _TOKEN.search(page.text)
        if page.status_code >= 500 or token is None:
            raise Unreachable(f"{self.node.state}: {path} answered {page.status_code}.", code="demo.page")
        data = {**fields, "csrfmiddlewaretoken": token[1]}
        return self._send("POST", path, data=data, headers={"Referer": self.node.officers + path})

    def fill_in(self, path: str, fields: Fields) -> str:
        """Fill in the form at `path`; returns where the answer leads.

        Raises:
            Refused: the page says why.
            Unreachable: the node did not answer.
        """
        if not self._signed_in:
            self._sign_in()
        answer = self._post(path, fields)
        if answer.status_code >= 500:
            raise Unreachable(f"{self.node.state}: {path} answered {answer.status_code}.", code="demo.page")
        if answer.status_code != 303:
            raise Refused(f"{self.node.state}, {path}: {_said(answer)}", code="demo.refused")
        return str(answer.headers["Location"])

    def read(self, reference: str) -> dict[str, Any] | None:
        """Where the case stands; None while this node does not know it. Raises Unreachable."""
        if not self._signed_in:
            self._sign_in()
        answer = self._send("GET", f"/cases/{reference}.json")
        if answer.status_code in (404, 422):
            return None
        if answer.status_code != 200:
            raise Unreachable(f"{self.node.state} answered {answer.status_code}.", code="demo.page")
        found: dict[str, Any] = answer.json()
        return found

    def proposed_reference(self, measure: str) -> str:
        """The reference that the empty form proposes."""
        if not self._signed_in:
            self._sign_in()
        page = self._send("GET", f"/cases/new/{measure}").text
        found = re.search(r'<input[^>]*name="reference"[^>]*value="([^"]+)"', page)
        if found is None:
            raise Unreachable(f"{self.node.state}: the form proposes no reference.", code="demo.page")
        return found[1]

    def download(self, path: str, to: Path, fields: Fields | None = None) -> None:
        """Write what stands at `path` to a file; with `fields` it is asked for by a form."""
        if not self._signed_in:
            self._sign_in()
        if fields is not None:
            reference = path.rsplit("/", 1)[0]
            token = _TOKEN.search(self._send("GET", reference).text)
            data = {**fields, "csrfmiddlewaretoken": token[1] if token else ""}
            given: dict[str, Any] = {"data": data, "headers": {"Referer": self.node.officers + reference}}
        else:
            given = {}
        try:
            with self._http.stream("GET" if fields is None else "POST", path, **given) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise Refused(f"{self.node.state}, {path}: {_said(answer)}", code="demo.download")
                with to.open("wb") as file:
                    for chunk in answer.iter_bytes(1 << 20):
                        file.write(chunk)
        except (httpx2.HTTPError, OSError) as error:
            raise Unreachable(
                f"The node of {self.node.state} did not answer: {error}", code="demo.unreachable"
            ) from error


def _said(answer: httpx2.Response) -> str:
    """What a page says is wrong, in words."""
    found = [html.unescape(re.sub(r"<[^>]+>", " ", text)).split() for text in _PROBLEM.findall(answer.text)]
    words = " ".join(word for text in found for word in text)
    return f"{answer.status_code} {words[:500]}"
