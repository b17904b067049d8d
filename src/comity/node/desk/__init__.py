"""The only code that writes: one function per verb, one transaction each, and nothing here touches the network.

`requesting` and `requested`, read from top to bottom, are the life of a request on both sides of the border. `crossing` is
what both share: keeping what arrives, admitting it, and noting what was delivered. `evidence` is the long work with
exhibits, `registry` officers, peers and witnessing, `dossier` the export of a case.
`prevention` shares warnings and calls them back, `copies` knows who holds what, `communities` who shares with whom.
"""
