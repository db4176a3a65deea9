"""The spool: degraded turns on this machine's disk, until the history store is back and has them."""
