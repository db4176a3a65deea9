"""Everything on this machine: an embedded Redis, the processes, and who looks after them."""
