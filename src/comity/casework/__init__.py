"""Vocabulary: what lawyers, engineers and other States must agree on. Standard library only.

It changes when treaties change.
"""
