"""How long from a key until the screen is at rest again: the answer, its times, all lists and curves that are seen.

In time of the processor, so that whatever else the machine does is left out, and without the wait before an answer
(`tui.shell.DELAY_SECONDS`) while something is typed or keys come fast.
"""

import asyncio
import datetime
import statistics
import time

from textual import events

from tui.shell import DELAY_SECONDS, WhatfitsApp
from tui.start import controller_for

TODAY = datetime.date(2026, 11, 25)
SIZES = ((80, 24), (120, 40), (200, 50))
MODELS = (None, "DeepSeek-V3")
KEYS = ("minus", "minus", "plus", "minus", "minus", "plus", "minus", "plus")
"""Steps of the context: each is another answer for every pane."""


async def settled(app):
    """Wait until nothing more is to come and all of it is drawn."""
    while True:
        # looking takes time too, which is not to be measured
        await asyncio.sleep(0.01)
        controller = app.controller
        if controller is None or controller.needs_answer or controller.needs_more or controller.unremedied:
            continue
        drawn = asyncio.Event()
        if app.call_after_refresh(drawn.set):
            await drawn.wait()
        if not (controller.needs_answer or controller.needs_more or controller.unremedied):
            return


async def key_seconds(size, model):
    """CPU seconds for each of the keys, after one round that warms up."""
    times = []
    app = WhatfitsApp(lambda: controller_for(None, today=TODAY, clock=time.monotonic), delay=0)
    async with app.run_test(size=size) as pilot:
        await settled(app)
        if model is not None:
            await pilot.press("enter")
            app.post_message(events.Paste(model))
            # more than the model was made for would be refused everywhere
            await pilot.press("enter", "2", "enter", *"64k", "enter")
        await pilot.press("2")
        for key in (*KEYS, *KEYS):
            await settled(app)
            start = time.process_time()
            app.post_message(events.Key(key, None))
            # the key is taken before the first look at what it made necessary
            await asyncio.sleep(0.001)
            await settled(app)
            times.append(time.process_time() - start)
    return times[len(KEYS) :]


def key_times():
    """A line for each size and model."""
    found = {}
    for width, height in SIZES:
        for model in MODELS:
            times = asyncio.run(key_seconds((width, height), model))
            name = f"key to settled, {width}x{height}{'' if model is None else f', {model}'}"
            found[name] = f"{statistics.median(times) * 1000:.0f} CPU ms, at most {max(times) * 1000:.0f} ms"
    return {**found, "wait while keys come fast": f"{DELAY_SECONDS * 1000:.0f} ms, not in these"}
