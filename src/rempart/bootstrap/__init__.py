"""One composition per program: only here are concrete classes put together."""
