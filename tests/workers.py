"""What the tests of `comity.sharing.bounded` run in its process; it imports nothing, so that a start costs little."""


def parse_pattern(payload: bytes) -> bytes:
    """Somebody else's parser, as it would be called in the worker."""
    from stix2patterns.v21.pattern import Pattern

    return repr(sorted(Pattern(payload.decode()).inspect().comparisons)).encode()


def forever(_payload: bytes) -> bytes:
    """Never end."""
    while True:
        pass


def wait(_payload: bytes) -> bytes:
    """Never end, and use no time of the processor."""
    import threading

    threading.Event().wait()
    return b""


def swell(payload: bytes) -> bytes:
    """Take all memory."""
    return payload * (1 << 34)


def shout(_payload: bytes) -> bytes:
    """Say more than is taken."""
    return b"x" * (2 << 20)


def secrets(_payload: bytes) -> bytes:
    """What the child can see of its parent."""
    import os

    return repr((dict(os.environ).keys() - {"LC_CTYPE"}, len(os.listdir("/proc/self/fd")))).encode()
