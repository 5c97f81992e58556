"""Can one neuron, or one unit, separate two point sets: verdicts with certificates in exact arithmetic."""
