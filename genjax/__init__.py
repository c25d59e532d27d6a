"""genjax: deep generative models in JAX, each a game between players (see docs/architecture.md)."""

__version__ = "0.1.0"
