"""Stopping on request: SIGTERM asks, the loop answers at the end of a call."""

import signal
import threading

from genjax.training.distributed import any_process


class Stop:
    """A context in which SIGTERM, instead of ending the process, is remembered."""

    def __init__(self):
        """Nothing is installed before the context is entered."""
        self._asked = False
        self._previous = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGTERM, self._remember)
        return self

    def __exit__(self, *_):
        if self._previous is not None:
            signal.signal(signal.SIGTERM, self._previous)

    def _remember(self, *_):
        self._asked = True

    def asked(self) -> bool:
        """Whether any process of the run was asked to stop; every process gets the same answer."""
        return any_process(self._asked)
