"""Memory: append-only and provable. Remembering is not trusting: what an entry says is not looked at here."""
