"""The player of conversations: posts them as clients would, and checks what the server made of them."""
