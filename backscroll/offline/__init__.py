"""The offline model: a local server that speaks Gemini's protocol, for those without a key and for tests.

It understands nothing, and says so. What it answers is quoted from the conversation, so that what was
remembered and what was forgotten can be seen; its summaries are extracts. It calls the functions that a
message names, and signs its calls. It refuses what Gemini refuses, and faults can be ordered.
"""
