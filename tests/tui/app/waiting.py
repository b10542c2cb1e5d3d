"""Waiting until everything that the screen needs is computed and drawn."""


async def answered(pilot):
    """Nothing more is to come: answers, times, lists, columns, sweeps and remedies are there."""
    for _ in range(400):
        await pilot.pause()
        controller = pilot.app.controller
        if controller is not None and not (controller.needs_answer or controller.needs_more or controller.unremedied):
            break
    for _ in range(3):
        await pilot.pause()
