"""What crosses the border: a public contract with versions, to be implemented from docs/PROTOCOL.md alone."""
