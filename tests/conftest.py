"""Hypothesis profiles: `dev` while writing, `ci` the same instances every time, `hunt` for a long search."""

import os

from hypothesis import HealthCheck, settings

_CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=50, **_CALM)
settings.register_profile("ci", max_examples=300, derandomize=True, **_CALM)
settings.register_profile("hunt", max_examples=5000, **_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
