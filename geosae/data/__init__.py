"""Data sets of concepts as sets of points: checked on construction, stored with a hash, read from files."""
