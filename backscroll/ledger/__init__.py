"""The ledger: exact values and open tasks of covered messages, each quoted as it was said."""
