"""Answering: from a claimed turn to a committed answer."""
