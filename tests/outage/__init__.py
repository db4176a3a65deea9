"""Clients that go on talking while the history store or the broker is away: `python -m tests.outage`."""
