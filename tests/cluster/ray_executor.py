"""Ray as a concurrent.futures.Executor: `geosae run PLAN --executor ray_executor:connect`."""

import os
from concurrent.futures import Executor, Future
from typing import Any

import ray


class RayExecutor(Executor):
    """A task is a Ray task of one core; Ray does not repeat one itself, geosae does."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        result: Future[Any] = Future()

        def settle(done: Future[Any]) -> None:
            error = done.exception()
            if error is None:
                result.set_result(done.result())
            else:
                # What a task raised, as it raised it, and not within Ray's own error.
                result.set_exception(getattr(error, "cause", None) or error)

        remote = ray.remote(num_cpus=1, max_retries=0)(fn)
        remote.remote(*args, **kwargs).future().add_done_callback(settle)
        return result

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        ray.shutdown()


def connect() -> RayExecutor:
    """Join the cluster that RAY_ADDRESS names; without it, start Ray on this machine."""
    ray.init(address=os.environ.get("RAY_ADDRESS", "local"), include_dashboard=False, log_to_driver=False)
    return RayExecutor()
