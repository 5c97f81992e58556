"""Regions of Rⁿ with exact membership, volume, support function, hull and uniform samples."""
