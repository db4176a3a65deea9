"""Requests made up from the served description: whatever comes, the answer is one that is described."""
