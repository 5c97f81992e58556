"""Hypothesis profiles: `dev` while writing, `ci` the same instances every time, `hunt` for a long search."""

import os

from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow]
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_CALM)
settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True, suppress_health_check=_CALM)
settings.register_profile("hunt", max_examples=5000, deadline=None, suppress_health_check=_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
