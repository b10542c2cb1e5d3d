"""Facts as data, and everything that reads or writes a file.

Accelerators, nodes, offers and models ship as TOML beside the code; the user's own files and refreshed prices
go before them, by id. Files of users are validated by pydantic against the engine's own dataclasses.
"""
