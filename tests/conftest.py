"""Four virtual CPU devices and no silent broadcasting for every test."""

import chex
import jax
import pytest

jax.config.update("jax_num_cpu_devices", 4)
jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(autouse=True)
def _fresh_trace_counts():
    chex.clear_trace_counter()  # chex counts by name, and every Model's step is called `update`
