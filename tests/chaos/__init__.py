"""The chaos run: everything is killed, paused and restarted for a while, and nothing may be lost."""
