"""Four virtual CPU devices for the fast tests, one for acceptance checks; no silent broadcasting."""

import atexit
import os
import shutil
import tempfile

import chex
import jax
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")

# Compiling dominates: what one test compiled, the next (or a process that it starts) finds here.
_CACHE = os.environ.get("JAX_COMPILATION_CACHE_DIR")
if _CACHE is None:
    _CACHE = os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="genjax-tests-")
    atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
jax.config.update("jax_compilation_cache_dir", _CACHE)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


# XLA reads its flags anew at every compilation, and stops at one that it does not know.
_KNOWN = jax.__version_info__ < (0, 11)
_FLAGS = f"{os.environ.get('XLA_FLAGS', '')} --xla_flags_reset=true"
_OF_FAST_COMPILATION = (
    "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
)
# For trainings of a minute: a third less to compile than as users do; steps at most a fifth slower.
_OF_TRAININGS = "--xla_backend_optimization_level=1 --xla_cpu_parallel_codegen_split_count=1"


def _are_fast(config):
    return config.option.markexpr == "not acceptance"


def _compile(quickly):
    """From now on in less than half the time, to programs that run slower; or for trainings."""
    jax.config.update("jax_disable_most_optimizations", quickly)
    if _KNOWN:  # processes that are started have it too
        flags = _OF_FAST_COMPILATION if quickly else _OF_TRAININGS
        os.environ["XLA_FLAGS"] = f"{_FLAGS} {flags}"


def pytest_configure(config):
    # Small minibatches are better not divided: ProGAN's check took 161 s on four, 102 on one.
    only_train = config.option.markexpr == "acceptance"
    jax.config.update("jax_num_cpu_devices", 1 if only_train else 4)
    if only_train and "PYTEST_XDIST_WORKER" in os.environ:  # a core for each worker
        os.environ.setdefault("NPROC", "1")  # threads of XLA, which reads this as it starts
    # The fast tests compile more than they run. Not so the trainings of the acceptance checks.
    if _are_fast(config):
        os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "true")  # for processes, too
    _compile(quickly=_are_fast(config))


@pytest.fixture
def compiled_quickly(request):
    """For acceptance checks that compile more than they run, too."""
    _compile(quickly=True)
    yield
    _compile(quickly=_are_fast(request.config))


@pytest.fixture(autouse=True)
def _fresh_trace_counts():
    chex.clear_trace_counter()  # chex counts by name, and every Model's step is called `update`


@pytest.fixture(autouse=True, scope="module")
def _forget_programs():
    """What a module compiled is not kept in memory: gigabytes by the end of the suite."""
    yield
    jax.clear_caches()
