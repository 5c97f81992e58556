"""Whether two runs of one plan on different seeds say the same."""
