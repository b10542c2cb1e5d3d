"""The panes: each draws one part of the state, and none knows another."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.layout import PaneId
    from tui.widgets.pane import Pane


def make_pane(pane_id: PaneId) -> Pane:
    """The pane of this name; its module is loaded when it is first visited."""
    pane: Pane = import_module(f"tui.panes.{pane_id}").PANE()
    return pane
