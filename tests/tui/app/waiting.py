"""Waiting until everything that the screen needs is computed and drawn."""

import time

LONGEST_SECONDS = 30.0
"""How long anything may take on a busy machine [s]."""


async def answered(pilot):
    """Nothing more is to come: answers, times, lists, columns, sweeps and remedies are there, and drawn."""
    await _computed(pilot)
    for _ in range(3):
        await pilot.pause()


async def pressed(pilot, *keys):
    """Keys, each after all that the one before made necessary is there: a list has to be filled to be moved in."""
    for key in keys:
        await _computed(pilot)
        await pilot.press(key)
    await answered(pilot)


async def _computed(pilot):
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        await pilot.pause()
        if pilot.app.return_code is not None:
            # it has ended: nothing more will come
            return
        controller = pilot.app.controller
        if controller is not None and not (controller.needs_answer or controller.needs_more or controller.unremedied):
            break
