"""Four virtual CPU devices and no silent broadcasting for every test."""

import atexit
import os
import shutil
import tempfile

import chex
import jax
import pytest

jax.config.update("jax_num_cpu_devices", 4)
jax.config.update("jax_numpy_rank_promotion", "raise")

# Compiling dominates: what one test compiled, the next (or a process that it starts) finds here.
_CACHE = os.environ.get("JAX_COMPILATION_CACHE_DIR")
if _CACHE is None:
    _CACHE = os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="genjax-tests-")
    atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
jax.config.update("jax_compilation_cache_dir", _CACHE)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _are_fast(config):
    return config.option.markexpr == "not acceptance"


def pytest_configure(config):
    # The fast tests compile more than they run. Not so the trainings of the acceptance checks.
    if _are_fast(config):
        os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "true")  # for processes, too
        jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture
def compiled_quickly(request):
    """For acceptance checks that compile more than they run, too."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", _are_fast(request.config))


@pytest.fixture(autouse=True)
def _fresh_trace_counts():
    chex.clear_trace_counter()  # chex counts by name, and every Model's step is called `update`


@pytest.fixture(autouse=True, scope="module")
def _forget_programs():
    """What a module compiled is not kept in memory: gigabytes by the end of the suite."""
    yield
    jax.clear_caches()
