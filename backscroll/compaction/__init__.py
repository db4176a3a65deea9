"""Compaction: which old turns leave the context, and the chapter that takes their place."""
