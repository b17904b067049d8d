"""Comity: a node that a State runs for itself to cooperate with other States against cybercrime.

The rooms, from the ground up; imports only go down (``tests/test_floors.py``):

``casework``  the vocabulary: a request, evidence, and the life of a case as one table
``law``       judgement: what the treaty and both States' books say on a given day, with sources
``assistance``  who can help whom: needs, offers, programmes, matching with its reasons, self-assessment
``reporting``  what can be counted: figures, small ones hidden, held against those of the other State
``seal``      bytes and keys: what may be trusted
``ledger``    memory: an append-only log that can prove what it holds
``wire``      what crosses the border: messages, directory entries, evidence bags, exported cases
``sharing``   what is told to many: warnings, and how they are called back; no door leads there yet
``verify``    the offline verifier, for a judge's laptop
``node``      the office: the only room with Django; its ``desk`` is the only code that writes
``demo``      an exercise of three States in one command

Read ``docs/ARCHITECTURE.md``, then ``node/desk/requesting.py`` and ``node/desk/requested.py``: they are the walk.
"""
