"""The k largest of each row, with ties settled by index: what Top-K and its relatives select with."""

import numpy as np
import torch
from jaxtyping import Float

from geosae.sae.gates.gate import above


def largest_positive(z: Float[torch.Tensor, "N d"], k: int) -> Float[torch.Tensor, "N d"]:
    """Mark the k largest entries of each row that are positive; among equals the lower index goes first.

    Examples
    --------
    >>> largest_positive(torch.tensor([[2.0, 2.0, 2.0]]), 2).tolist()
    [[1.0, 1.0, 0.0]]
    """
    zero = z.new_zeros(1, 1)
    if k >= z.shape[1]:
        return above(z, zero)
    least = kth_largest(z, k)
    # z ≥ least and z > 0, as one comparison: greater than the number just below.
    support = above(z, torch.where(least > 0, torch.nextafter(least, zero), zero))
    # torch.topk promises no order among equals: where more than k reach the least, the index decides.
    crowded = support.sum(dim=1) > k
    if bool(crowded.any()):
        rows, bound = z[crowded], least[crowded]
        greater, equal = rows > bound, rows == bound
        room = k - greater.sum(dim=1, keepdim=True)
        support[crowded] = (greater | (equal & (equal.cumsum(dim=1) <= room))).to(z.dtype)
    return support


# Up to this width numpy's partition finds the k-th value 2 to 7 times faster than torch.topk (one CPU thread,
# 256 to 1024 rows, k from 4 to 16); far above it, 3 to 6 times slower.
PARTITION_WIDTH = 512


def kth_largest(z: Float[torch.Tensor, "N d"], k: int) -> Float[torch.Tensor, "N 1"]:
    """Return the k-th largest value of each row; the way it is found depends on the size, the value does not.

    Examples
    --------
    >>> kth_largest(torch.tensor([[5.0, 1.0, 7.0]]), 2).tolist()
    [[5.0]]
    """
    width = z.shape[1]
    if k == 1:
        return z.amax(dim=1, keepdim=True)
    if z.device.type == "cpu" and width <= PARTITION_WIDTH:
        column = np.partition(z.detach().numpy(), width - k, axis=1)[:, width - k, None]
        return torch.from_numpy(np.ascontiguousarray(column))
    return z.topk(k, dim=1).values[:, k - 1 :]


def largest_of_all(z: Float[torch.Tensor, "N d"], count: int) -> Float[torch.Tensor, "N d"]:
    """Mark the `count` largest entries of the whole table that are positive; among equals the earlier one.

    Examples
    --------
    >>> largest_of_all(torch.tensor([[3.0, 2.0], [1.0, 2.0]]), 2).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    return largest_positive(z.reshape(1, -1), count).view_as(z)
