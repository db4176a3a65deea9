"""What the adapter must do on every promised version of the SDK; `matrix` runs it on several."""
