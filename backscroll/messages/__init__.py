"""What was said: messages, their parts, and how they lie on disk. Knows neither Redis nor any SDK."""
