"""Several processes, on one host or many, as one run."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

# How long the others go on without word from a process before they end.
HEARTBEAT_SECONDS = 30


def join(coordinator: str | None, num_processes: int | None, process_id: int | None) -> None:
    """Makes this process one of a run's; call before anything touches a device.

    Args:
        coordinator: host:port at which process 0 listens; None takes all three from the cluster's
            environment (Slurm, Open MPI, Cloud TPU, Kubernetes).
        num_processes: how many there are.
        process_id: which this is, 0 to num_processes - 1.

    Raises:
        ValueError: if only some of the three are given, or the processes do not find each other.
    """
    given = [value is not None for value in (coordinator, num_processes, process_id)]
    if any(given) and not all(given):
        raise ValueError(
            "--distributed needs all of --coordinator=host:port, --num_processes and --process_id, or "
            "none of them where the cluster says"
        )
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(
            coordinator, num_processes, process_id, heartbeat_timeout_seconds=HEARTBEAT_SECONDS
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"--distributed: the processes did not find each other: {reason}"
        ) from error


def any_process(flag: bool) -> bool:
    """Whether any process says so; every process gets the same answer, and waits for the others."""
    if jax.process_count() == 1:
        return flag
    return bool(_reduced(jnp.any, np.full(jax.local_device_count(), flag)))


def from_first(value: float | None) -> float | None:
    """The first process's value, in every process; float32 where there are several."""
    if jax.process_count() == 1:
        return value
    mine = np.zeros(jax.local_device_count(), np.float32)
    if jax.process_index() == 0:
        mine[0] = np.nan if value is None else value
    found = float(_reduced(jnp.sum, mine))
    return None if np.isnan(found) else found


def _reduced(reduce, mine: np.ndarray) -> jax.Array:
    """`reduce` of all processes' values, one a device."""
    mesh = jax.make_mesh((jax.device_count(),), ("process",), axis_types=(AxisType.Auto,))
    values = jax.make_array_from_process_local_data(NamedSharding(mesh, P("process")), mine)
    return jax.jit(reduce, out_shardings=NamedSharding(mesh, P()))(values)
