"""What is told to many: warnings in the field's own formats, with rules on every way out, that can be called back.

``stix``      STIX 2.1 objects, kept as the bytes they came in, checked and versioned
``patterns``  what a STIX pattern looks for, as far as our own subset goes
``tlp``       the Traffic Light Protocol 2.0: how far an object may travel
``release``   a State's own rules on top of it; personal data
``taxii``     TAXII 2.1 as request -> response, over a `Shelf` that somebody else keeps
``feed``      the client's side of TAXII 2.1: what to ask a foreign server, and what it may answer
``misp``      the MISP format, in and out
``misp_server`` what a MISP instance answers, over a `Shelf`
``recall``    who has a copy of what, and how it is called back; without I/O

What there is not: no network, no database, no keys. The office keeps the shelf, signs what is said, and carries it.
Nothing here deletes anything at another sovereign: what a recall proves is who acknowledged it, and who did not.
"""
