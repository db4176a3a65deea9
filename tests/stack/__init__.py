"""The real thing, for tests: processes, HTTP, conditions."""
