"""What of a scenario's own measurements an answer uses, as data and as one line."""

from typing import Any

from engine.calibration import described
from engine.latency import Performance
from engine.report import Report
from tui.render.plain import plain


def calibration_data(report: Report, speed: Performance) -> dict[str, Any] | None:
    """When and on what it was measured, which entries are used and which are not; None without a calibration."""
    found = report.measured
    if found is None:
        return None
    held = found.calibration
    return {
        "date": held.date or None,
        "source": held.source,
        "runtime": held.runtime,
        "runtime_version": held.runtime_version,
        "used": [*found.used, *speed.measured],
        "not_used": [{"entry": entry, "reason": reason} for entry, reason in (*found.left, *speed.not_measured)],
    }


def calibration_line(report: Report, speed: Performance) -> str:
    """The same in one line, which says what was measured; empty without a calibration."""
    found = report.measured
    if found is None:
        return ""
    used = [entry.partition(".")[2].removesuffix("_seconds") for entry in (*found.used, *speed.measured)]
    what = described(found.calibration).removeprefix("measured").lstrip(" ,:") or "undated"
    return f"{plain(what)}; used: {', '.join(used) or 'nothing'}"
