"""A second reading side of the protocol, written from docs/PROTOCOL.md and the standards that it names; nothing is Comity's.

It exists to be compared with the first one (tests/test_second.py): what one of them takes, the other takes too. It imports only
the standard library and the primitives of `cryptography`: there is one way to compute SHA-256, and two to read a statement.
"""
