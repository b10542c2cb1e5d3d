"""Shared by all tests: what a property test tries is the same in every run, unless chance is asked for.

`HYPOTHESIS_PROFILE=chance make test` draws new cases; `make test-slow` always does.
"""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("chance", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
