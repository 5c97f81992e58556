"""The version of geosae, part of the key of everything it stores."""

__version__ = "0.2.0.dev1"
