"""Diagnosing a deployment: each part is looked at, and judged by a function of what was seen."""
