"""The model as the rest of Backscroll sees it (`port`), and Gemini behind it (`gemini`)."""
