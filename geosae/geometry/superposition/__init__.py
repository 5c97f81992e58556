"""Superposition: p features as columns in n dimensions, and what neurons and probes read out of their sums.

A dictionary is an array of shape (n, p) whose columns are the directions of the features; a code has at most
k non-zero entries, and the points are the sums of its columns. Verdicts come with exact certificates.
"""
