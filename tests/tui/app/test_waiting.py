"""When an answer is waited for: while keys come fast or something is typed, and not after a single step."""

import asyncio

from tests.tui.app.waiting import answered
from tui.shell import WhatfitsApp


async def test_a_single_step_is_answered_as_it_is_made(controller):
    app = WhatfitsApp(lambda: controller(None), delay=0.4)
    async with app.run_test(size=(80, 24)) as pilot:
        await answered(pilot)
        await pilot.press("2")
        await asyncio.sleep(0.45)
        before = app.controller.state.answers.report
        await pilot.press("minus")
        assert not app.controller.needs_answer
        assert app.controller.state.answers.report is not before
        # another one on its heels waits for those that may follow
        await pilot.press("minus")
        assert app.controller.needs_answer
        await asyncio.sleep(0.6)
        assert not app.controller.needs_answer


async def test_what_is_typed_is_waited_for(controller):
    app = WhatfitsApp(lambda: controller(None), delay=0.4)
    async with app.run_test(size=(80, 24)) as pilot:
        await answered(pilot)
        await pilot.press("2", "enter")
        await asyncio.sleep(0.45)
        await pilot.press("5")
        assert app.controller.needs_answer
        await pilot.press("M")
        await asyncio.sleep(0.6)
        assert not app.controller.needs_answer
        assert app.controller.state.answers.report.choice.setting.context_tokens == 5_000_000
