"""Measuring what a compacted context still holds: real conversations and real compaction, no HTTP."""
