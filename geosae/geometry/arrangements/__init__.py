"""Half-spaces and what they cut space into: cells, kept sets, and the counts that bound them."""
