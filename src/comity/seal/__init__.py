"""Bytes and keys: what may be trusted, and nothing of cases or law: cryptography reviewable without a treaty."""
