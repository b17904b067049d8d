"""Doors with one weakness each, for tests/test_conformance.py: the real WSGI application of a node, with one thing taken out.

Run as a program: ``python weak.py HOME``. It prepares everything once; then each line on its standard input, ``NAME``, ends the
last door and opens one that has this weakness (``none`` has none), on a port that it prints.
"""

import dataclasses
import json
import os
import signal
import socketserver
import ssl
import sys
import threading
import time
from contextlib import nullcontext, suppress
from ctypes import c_bool
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote
from urllib.request import urlopen
from wsgiref import simple_server


def _quiet(self, *_):
    """Say nothing on standard error."""


class Handler(simple_server.WSGIRequestHandler):
    """One request on one connection."""

    log_message = _quiet

    def get_environ(self):
        """What the node's own server says too: the path as it came."""
        path = unquote(self.requestline.split()[1].partition("?")[0], "iso-8859-1")
        return super().get_environ() | {"wsgi.url_scheme": "https", "PATH_INFO": path}


class Door(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    """A thread for each connection."""

    daemon_threads = True
    handle_error = _quiet


def serve(home, application, *, tls=ssl.TLSVersion.TLSv1_3, door=Door):
    """A door for `application` with the node's certificate; prints its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = tls
    context.load_cert_chain(home / "keys" / "tls.crt", home / "keys" / "tls.key")
    server = simple_server.make_server("127.0.0.1", 0, application, server_class=door, handler_class=Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def patched(module, name, value):
    """Put `value` in the place of `module.name`."""
    assert hasattr(module, name), name
    setattr(module, name, value)


class Whatever(str):
    """A text that is no other than any text."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __ne__(self, other):
        """Never."""
        return False

    __eq__ = str.__eq__


def any_signature():
    """The signature of an HTTP request is not looked at."""
    from comity.wire import transport

    patched(transport, "note_check", lambda *_: None)


def any_time():
    """Signed requests of any time are taken."""
    from datetime import timedelta

    from comity.wire import transport

    patched(transport, "SKEW", timedelta(days=90_000))


def any_digest():
    """The Content-Digest is not compared with the body."""
    from comity.wire import transport

    right = transport.content_digest
    patched(transport, "content_digest", lambda body: Whatever(right(body)))


def short_bodies():
    """A body that ends before its length is taken for whole."""
    from comity.node.peers import limits

    patched(limits, "body", lambda request, limit: request.read(limit))


def no_limit():
    """Bodies of any length are taken."""
    from comity.node.peers import limits

    right = limits.stated_length
    patched(limits, "stated_length", lambda request, limit: right(request, 1 << 30))


def forgets():
    """What came before is not remembered: each time another receipt."""
    from comity.node.desk import crossing

    right = crossing.receive

    def receive(settings, data, *, hop, at, talk):
        from comity.wire import messages
        from comity.wire.exchange import Event, Evidence

        found = right(settings, data, hop=hop, at=at, talk=talk)
        said = Evidence(Event.RELAY_ACCEPTANCE, settings.state, found.envelope, int(at.timestamp()))
        again = messages.sign_words([said], to=hop, places={found.envelope: found.index}, key=settings.signing)[0]
        return dataclasses.replace(found, statement=again.whole())

    patched(crossing, "receive", receive)


def to_nobody():
    """A receipt does not say whom it is for."""
    from comity.wire import messages

    right = messages.sign_words
    patched(messages, "sign_words", lambda words, *, to, **given: right(words, to="", **given))


def _half(kept):
    from comity.seal import keys

    def check(self, message, signature):
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

        public = {"ed25519": ed25519.Ed25519PublicKey, "mldsa65": mldsa.MLDSA65PublicKey}[kept]
        try:
            public.from_public_bytes(getattr(self, kept)).verify(getattr(signature, kept), message)
        except (InvalidSignature, ValueError) as error:
            raise keys.BrokenSeal("no", code="seal.half") from error

    patched(keys.VerifyKey, "check", check)


def first_half():
    """The post-quantum half of a signature is not looked at."""
    _half("ed25519")


def second_half():
    """The classical half is not looked at."""
    _half("mldsa65")


def any_kind():
    """A statement of any kind passes for an act."""
    from comity.node.desk import _reading
    from comity.seal import envelope
    from comity.wire import messages

    def opened(self, data, at):
        found = envelope.unseal(data, home=self._settings.state, keys=self._settings.openings,
                                trust=self._trust, kinds=envelope.KINDS, at=at)  # fmt: skip
        return found, messages.decode_act(found)

    patched(_reading.Reading, "_opened", opened)


def forwarded():
    """A letter to another State is read when it is sealed anew for this one."""
    from comity.seal import envelope

    right = envelope._verified

    def verified(data, raw, trust, kinds, at, home=None):  # whose it is, is not asked
        found = right(data, raw, trust, kinds, at)
        return dataclasses.replace(found, to="IR") if found.kind == "act" else found

    patched(envelope, "_verified", verified)


def any_author():
    """Who signed is not compared with who is said to speak."""
    from comity.casework.act import Act
    from comity.seal import canon
    from comity.wire import messages

    patched(messages, "read_act", lambda found: Act.from_dict(
        canon.loads(found.payload, limit=1 << 20) | {"by": found.sender}, id=canon.content_id(found.raw)))  # fmt: skip


def any_act_time():
    """An act may state any time."""
    from comity.node.desk import _reading

    patched(_reading, "_said_now", lambda *_: None)


def any_order():
    """Every act fits every case."""
    from comity.errors import ComityError
    from comity.node import archive, models
    from comity.node.desk import _record

    right = archive.load_all

    def loaded(references, *, home):
        found = {}
        for reference in references:
            try:
                found |= right([reference], home=home)
            except ComityError:  # an impossible history cannot be told
                acts = tuple(models.Act.objects.filter(case_id=reference))
                found[reference] = SimpleNamespace(acts=acts, request=None)
        return found

    def advance(case, act, *, home):
        return SimpleNamespace(acts=(*case.acts, act), request=act.request)

    patched(archive, "load_all", loaded)
    patched(_record, "advance", advance)


def any_history():
    """An act may stand on an act that is not known."""
    from comity.casework import lifecycle

    patched(lifecycle, "_chained", lambda *_: None)


def in_earnest():
    """A node of exercises takes what is meant in earnest."""
    from comity.node.desk import _record

    right = _record.admitted
    patched(_record, "admitted", lambda settings, *given: right(dataclasses.replace(settings, exercise=False), *given))


def any_json():
    """Any JSON will do: duplicate keys, blanks, NaN."""
    from comity.seal import canon

    def loads(data, *, limit, values=None):
        return json.loads(data)

    patched(canon, "loads", loads)


def any_growth():
    """The witness checks no proof."""
    from comity.seal import merkle

    patched(merkle, "check_consistency", lambda *_: None)


def slow_witness():
    """The witness compares first and stores later: in between, others are compared with the old head too."""
    from comity.node import models
    from comity.node.desk import registry
    from comity.seal import merkle

    patched(registry, "transaction", SimpleNamespace(atomic=nullcontext))
    patched(models.Witnessed.objects, "select_for_update", models.Witnessed.objects.all)
    right = merkle.check_consistency

    def check(*given):
        right(*given)
        time.sleep(0.5)

    patched(merkle, "check_consistency", check)


def two_heads():
    """Who asks at /checkpoint is shown another history than who brings messages."""
    from comity.ledger import checkpoint as cp
    from comity.node.desk import registry

    right = registry.newest_checkpoint

    def other(settings):
        head = cp.parse(right(settings))[0]
        return cp.signed(dataclasses.replace(head, root=bytes(32)), settings.log)

    patched(registry, "newest_checkpoint", other)


def new_keys():
    """A newer entry that comes as a message replaces the pinned one."""
    from comity.node import models
    from comity.node.desk import crossing
    from comity.wire.directory import read_entry

    right = crossing.receive

    def receive(settings, data, **given):
        with suppress(Exception):
            entry = read_entry(data)
            models.Peer.objects.filter(pk=entry.state).update(entry=data, fingerprint=entry.fingerprint)
        return right(settings, data, **given)

    patched(crossing, "receive", receive)


def visits():
    """Addresses in a request are looked at."""
    from comity.node.desk import _record

    right = _record.admitted

    def admitted(settings, case, act):
        with suppress(Exception):
            urlopen(act.body["request"]["custodian"], timeout=2).close()
        return right(settings, case, act)

    patched(_record, "admitted", admitted)


def stops_reading():
    """The first bad message holds up all that come after it."""
    from comity.errors import ComityError
    from comity.node.desk import _reading

    def taken(self, row, data, aside):
        from django.db import OperationalError

        try:
            right(self, row, data, aside)
        except ComityError as error:
            raise OperationalError from error

    right = _reading.Reading._take
    patched(_reading.Reading, "_take", taken)


def falls_over():
    """A bad message is an error that nobody foresaw, at the door."""
    from comity.node.desk import crossing
    from comity.seal import envelope

    right = crossing.receive

    def receive(settings, data, **given):
        envelope.commitment(data)
        return right(settings, data, **given)

    patched(crossing, "receive", receive)


def any_speaker():
    """Needs, offers and communities are taken whoever says them."""
    from comity.seal import canon
    from comity.wire import assistance

    right = assistance.read

    def read(statement):
        by = canon.loads(statement.payload, limit=1 << 20)["reference"][:2]
        return right(dataclasses.replace(statement, sender=by))

    patched(assistance, "read", read)


def any_moment():
    """Words about needs may be of a time to come."""
    from comity.node.desk import programmes

    patched(programmes, "in_time", lambda *_, **__: None)


def always_settled():
    """Numbered envelopes are taken before anybody has said what he holds."""
    from comity.node.desk import _memory

    patched(_memory.Tables, "settled", lambda self: True)


def any_figures():
    """Figures are taken whoever tells them, and of whatever pair."""
    from comity.wire import figures

    patched(figures, "read", lambda statement: figures.Statement.from_dict(canon_loads(statement.payload)))


def canon_loads(payload):
    """What a payload says."""
    from comity.seal import canon

    return canon.loads(payload, limit=1 << 20)


def any_number():
    """Figures of any kind and size are taken."""
    from comity.reporting.reconciliation import Statement

    patched(Statement, "__post_init__", lambda self: None)


def forgets_figures():
    """Figures that were told before are told anew."""
    from comity.node import models
    from comity.node.desk import reconciling

    patched(reconciling, "_of", lambda *_, own: models.FiguresBetween.objects.none())


def any_drawing():
    """Figures may be drawn up at any time."""
    from datetime import timedelta

    from comity.node.desk import reconciling

    patched(reconciling, "SKEW", timedelta(days=9_000))


def any_offer():
    """What is no offer is taken for an empty one."""
    from comity.errors import BrokenSeal
    from comity.node.peers import views
    from comity.wire.exchange import Offer

    right = views.read_offer

    def read(body):
        try:
            return right(body)
        except BrokenSeal:
            return Offer()

    patched(views, "read_offer", read)


class Anybodys:
    """A table whose rows are not asked whose they are."""

    def __init__(self, table, whose):
        self._table, self._whose = table, whose

    def filter(self, **given):
        """The rows, whosever they are."""
        return self._table.filter(**{name: value for name, value in given.items() if name != self._whose})


def tells_anybody():
    """Receipts and words are given to any pinned State."""
    from comity.node import models
    from comity.node.desk import crossing

    patched(crossing, "brought", lambda talk, digest, at: models.Arrival.objects.filter(digest=digest).first())


def lends_to_anybody():
    """Evidence is given to any pinned State that knows its digest."""
    from comity.node import models
    from comity.node.peers import views

    container = SimpleNamespace(objects=Anybodys(models.Container.objects, "peer"))
    patched(views, "models", SimpleNamespace(**vars(models) | {"Container": container}))


def tells_in_offers():
    """What became of an envelope is told to whoever asks in an offer."""
    from comity.node import archive, models
    from comity.wire import _receiving

    def told(self, digests):
        for row in models.Arrival.objects.filter(digest__in=digests):
            yield from archive.words(row)[1:]

    patched(_receiving.Receiving, "_told_about", told)


def any_caller():
    """Calls are taken as many as come, one over the other, and again."""
    from comity.node.desk import drills
    from comity.seal import canon

    def called(row, said, statement):
        if not drills.models.Call.objects.filter(pk=canon.content_id(statement.raw)).exists():
            drills._keep(
                said, statement.raw, peer=statement.sender, ours=False, carried=row.digest, hop=row.hop, at=row.at
            )

    patched(drills, "_called", called)


def calls_without_end():
    """Any number of calls a day is taken."""
    from comity.node.desk import drills

    patched(drills, "MOST", 1 << 30)


def calls_of_tomorrow():
    """Calls may be of a time to come."""
    from datetime import timedelta

    from comity.node.desk import drills

    patched(drills, "SKEW", timedelta(days=9))


def says_it_is_admitted():
    """The node signs that it has admitted what it has refused."""
    from comity.wire import _receiving
    from comity.wire.exchange import Event

    right, wrong = _receiving.Receiving._read, Event.CONTENT_CONSIGNMENT_FAILURE

    def read(self, row, now):
        words = right(self, row, now)
        return [dataclasses.replace(said, event=Event.CONTENT_CONSIGNMENT, code="") if said.event is wrong else said
                for said in words]  # fmt: skip

    patched(_receiving.Receiving, "_read", read)


def two_words():
    """At its address stands another word than in an answer to an offer."""
    from comity.node.peers import views

    right = views.archive.words
    patched(views, "archive", SimpleNamespace(**vars(views.archive) | {"words": lambda row: [right(row)[0]] * 2}))


def ended_keys():
    """The keys of a node count for ever."""
    from comity.node import archive
    from comity.wire.directory import Purpose

    patched(archive, "hop_keys", lambda state, at: [key.public for key in archive.peer_entry(state).of(Purpose.HOP)])


def open_addresses():
    """What is only for States is given to anybody at some addresses."""
    from comity.node.peers import views

    free = ("/directory", "/proofs", "/outcomes/")
    for name in ("hop_signer", "check_hop"):
        right = getattr(views, name)

        def signer(*asked, right=right, **given):
            return "XX" if any(path in asked[1] for path in free) else right(*asked, **given)

        patched(views, name, signer)


def any_place():
    """An envelope under a taken number is kept under the next one."""
    from comity.wire import _receiving

    right = _receiving.Receiving._keep

    def keep(self, item, now):
        taken = item.number in self._taken and self._memory.got(item.digest) is None
        return right(self, dataclasses.replace(item, number=self._last + 1) if taken else item, now)

    patched(_receiving.Receiving, "_keep", keep)


def any_distance():
    """A number may lie as far ahead as it likes."""
    from comity.wire import _receiving

    patched(_receiving, "GAPS", 1 << 40)


def gives_anybody_back():
    """What one State forgot is given back to any that greets."""
    from comity.node.desk import _memory

    def lost(self, have, limit):
        return self._all_got(_memory.models.Arrival.objects.filter(number__gt=have.sent).order_by("number")[:limit])

    patched(_memory.Tables, "got_lost", lost)


def plain(application, home):
    """No weakness but that of this server, which knows no Transfer-Encoding."""
    return application


def serves_files(application, home):
    """What stands behind /evidence/ is a name of a file."""

    def served(environ, start):
        path = environ["PATH_INFO"]
        if path.startswith("/evidence/"):
            with suppress(OSError, ValueError):
                content = (home / "shelf" / path.removeprefix("/evidence/")).read_bytes()
                start("206 Partial Content", [("Content-Length", str(len(content)))])
                return [content]
        return application(environ, start)

    return served


def any_path(application, home):
    """Each address is written in many ways."""

    def served(environ, start):
        environ["PATH_INFO"] = "/" + environ["PATH_INFO"].strip("/ ;x\0").lower()
        return application(environ, start)

    return served


def any_method(application, home):
    """HEAD and whatever else passes for GET."""

    def served(environ, start):
        if environ["REQUEST_METHOD"] not in {"GET", "POST"}:
            environ["REQUEST_METHOD"] = "GET"
        return application(environ, start)

    return served


class OneAtATime(simple_server.WSGIServer):
    """Who is slow holds up everybody."""

    handle_error = _quiet


WRAPPED = {weak.__name__: weak for weak in (serves_files, any_path, any_method)}
SERVED = {"old_tls": {"tls": ssl.TLSVersion.TLSv1_2}, "one_at_a_time": {"door": OneAtATime}}
PATCHED = {
    weak.__name__: weak
    for weak in (
        any_signature, any_time, any_digest, short_bodies, no_limit, forgets, first_half, second_half, any_kind, forwarded,
        any_author, any_act_time, any_order, any_history, in_earnest, any_json, any_growth, slow_witness, two_heads, new_keys,
        visits, stops_reading, falls_over, any_speaker, any_moment, always_settled, any_offer,
        any_figures, any_number, forgets_figures, any_drawing, to_nobody, tells_anybody, tells_in_offers, any_caller,
        calls_without_end, calls_of_tomorrow, says_it_is_admitted, two_words, open_addresses, any_place, any_distance,
        gives_anybody_back, lends_to_anybody, ended_keys,
    )
}  # fmt: skip


def door(home, weakness):
    """Open a door with `weakness`, and never return."""
    from django.core.wsgi import get_wsgi_application

    from comity.node import courier
    from comity.node.settings import current

    if weakness in PATCHED:
        PATCHED[weakness]()
    stop = courier.Stop()
    threading.Thread(target=courier.run, args=(current(), stop, c_bool()), daemon=True).start()
    application = WRAPPED.get(weakness, plain)(get_wsgi_application(), home)
    serve(home, application, **SERVED.get(weakness, {}))


def main():
    """Open the doors that are asked for, one after another."""
    from comity.node.run import _django

    home = _django(Path(sys.argv[1])).home
    from django.conf import settings as django_settings

    django_settings.ROOT_URLCONF = "comity.node.peers.urls"
    django_settings.MIDDLEWARE = []
    import comity.node.peers.urls  # noqa: F401  loaded once, before the doors part

    base, last = home / "db.sqlite3", 0
    pristine = base.read_bytes()
    for line in sys.stdin:
        if last:
            os.kill(last, signal.SIGKILL)
            os.waitpid(last, 0)
            for left in home.glob("db.sqlite3-*"):
                left.unlink()
            base.write_bytes(pristine)  # what one weakness let in is not there for the next
        last = os.fork()
        if not last:
            try:
                door(home, line.strip())
            finally:
                sys.stdout.write("\n")  # it does not open: nobody is to wait for its port
                sys.stdout.flush()
    if last:
        os.kill(last, signal.SIGKILL)


if __name__ == "__main__":
    main()
