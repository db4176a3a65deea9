"""The API's description: a plain table of operations, of which OpenAPI and its pages are made."""
