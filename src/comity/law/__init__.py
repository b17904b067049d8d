"""Judgement: what the law of one day says about one request. Pure; reads nothing but the law books; grants nothing."""
