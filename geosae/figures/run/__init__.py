"""The figures of a run: each file reads stored results and returns sheets."""
