"""Where the user's own files lie. Nothing is created here: whoever writes a file makes its folder."""

import os
from pathlib import Path

import platformdirs

APP = "whatfits"


def config_dir() -> Path:
    """Folder of the user's own catalogs and settings: `WHATFITS_CONFIG_DIR`, or the system's usual place."""
    return _overridden("WHATFITS_CONFIG_DIR") or Path(platformdirs.user_config_dir(APP, appauthor=False))


def data_dir() -> Path:
    """Folder of what was fetched, such as prices: `WHATFITS_DATA_DIR`, or the system's usual place."""
    return _overridden("WHATFITS_DATA_DIR") or Path(platformdirs.user_data_dir(APP, appauthor=False))


def state_dir() -> Path:
    """Folder of what the app remembers between runs: `WHATFITS_STATE_DIR`, or the system's usual place."""
    return _overridden("WHATFITS_STATE_DIR") or Path(platformdirs.user_state_dir(APP, appauthor=False))


def _overridden(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(os.path.expanduser(value)) if value else None
