"""Shared by tests of the face."""

import datetime
from dataclasses import replace

import pytest

from catalogs.facts import Catalogs
from catalogs.scenarios import shipped
from tui.answers import Solver
from tui.lookup import CatalogLookup
from tui.shell import WhatfitsApp
from tui.start import controller_for
from tui.state import started
from tui.values import without_own_gpu


@pytest.fixture
def llama_config():
    """meta-llama/Llama-3.1-70B, config.json."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "hidden_size": 8192,
        "intermediate_size": 28672,
        "max_position_embeddings": 131072,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": 64,
        "num_hidden_layers": 80,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-05,
        "rope_theta": 500000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "vocab_size": 128256,
    }


# --- the app ----------------------------------------------------------------------------------------------

TODAY = datetime.date(2026, 11, 25)


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    """The shipped catalogs alone, read once."""
    nowhere = tmp_path_factory.mktemp("nobody")
    return Catalogs(config_dir=nowhere, data_dir=nowhere)


@pytest.fixture(scope="session")
def solver(known):
    """Answers as of a fixed day."""
    return Solver(known, today=TODAY)


@pytest.fixture
def lookup(known):
    """Names of the shipped catalogs."""
    return CatalogLookup(known)


@pytest.fixture(scope="session")
def ready(solver):
    """The state of an app that has answered the scenario that ships, lists included."""
    state = started(shipped())
    answers = solver.answer(state.scenario, None, state.answers)
    return replace(state, answers=solver.with_cards(solver.with_table(answers, None)))


@pytest.fixture(scope="session")
def ready_on(solver):
    """The same for a changed scenario: `ready_on(model="...", deployment={"gpus": 16})`."""

    def make(*, model=None, **sections):
        scenario = shipped()
        if model is not None:
            scenario = without_own_gpu(replace(scenario, model={"id": model}))
        for name, values in sections.items():
            scenario = replace(scenario, **{name: replace(getattr(scenario, name), **values)})
        state = started(scenario)
        answers = solver.answer(scenario, None, state.answers)
        return replace(state, answers=solver.with_cards(solver.with_table(answers, None)))

    return make


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A clock that a test moves."""
    return Clock()


@pytest.fixture
def controller(known, clock, tmp_path):
    """Make a controller: on a file, or on the scenario that ships."""

    def make(path=None):
        return controller_for(
            None if path is None else str(path),
            today=TODAY,
            clock=clock,
            catalogs=known,
            recovery_dir=tmp_path / "state",
        )

    return make


@pytest.fixture
def make_app(controller):
    """Make an app that answers at once."""

    def make(path=None):
        return WhatfitsApp(lambda: controller(path), delay=0)

    return make
