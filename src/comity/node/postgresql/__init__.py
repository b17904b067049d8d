"""Django's PostgreSQL, with the promise of `comity.node.database`. Django finds `base` here by the engine's name."""
