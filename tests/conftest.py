"""Hypothesis profiles: `dev` while writing, `ci` the same every time, `hunt` long, `brief` for coverage."""

import os
import signal

from hypothesis import HealthCheck, settings

_CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=50, **_CALM)
settings.register_profile("ci", max_examples=300, derandomize=True, **_CALM)
settings.register_profile("brief", max_examples=10, derandomize=True, **_CALM)
settings.register_profile("hunt", max_examples=5000, **_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# A shell that starts the tests in the background ignores Ctrl-C, and what the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Run by `make fuzz` alone: it imports atheris, which `make test` does not install.
collect_ignore = ["fuzz/target.py", "cluster/ray_executor.py"]
