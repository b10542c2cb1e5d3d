"""The terminal faces of whatfits: the app and the command line."""
