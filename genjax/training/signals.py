"""Stopping on request: SIGTERM asks, the loop answers at the end of a call."""

import signal
import threading

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P


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
        if jax.process_count() == 1:
            return self._asked
        mesh = jax.make_mesh((jax.device_count(),), ("process",), axis_types=(AxisType.Auto,))
        mine = np.full(jax.local_device_count(), self._asked)
        flags = jax.make_array_from_process_local_data(NamedSharding(mesh, P("process")), mine)
        return bool(jax.jit(jnp.any, out_shardings=NamedSharding(mesh, P()))(flags))
