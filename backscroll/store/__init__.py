"""The history store: every change of a session is one script that Redis runs as a whole.

`keys` names each key, `lua/` holds the scripts, `redis` runs them; `replies`, `turns`, `media`,
`compactions`, `sessions` and `sweep` say in Python what the scripts do; `ended` hears of replies that have
ended.
"""
