"""Counts by products of matrices: whole numbers below 2^24 are exact in float32, as in the 32 bits of integers.

A product of whole numbers is a sum of whole numbers. If the magnitudes of its terms add up to less than 2^24, every
partial sum is a whole number below 2^24, which float32 holds: there is nothing to round or to truncate, in any order
of addition. The same holds for multiples of a power of two. A device that keeps fewer bits is found by a test.
"""

import functools

import torch

from accelerated.search.bounds.multiply import multiply
from accelerated.search.bounds.protocol import EncodedRows

MOST_COUNTED = 2**24
COUNTING = (torch.int8, torch.float32)  # types whose products count


def can_count(dtype: torch.dtype, device: torch.device) -> bool:
    """Tells whether products of the type count exactly on the device; those of int8 are tried elsewhere."""
    return dtype == torch.int8 or (dtype == torch.float32 and _float32_counts(device))


@functools.cache
def _float32_counts(device: torch.device) -> bool:
    """Multiplies -1, 0 and 1, beside a term that takes the sums to 2^24, and compares them with float64."""
    generator = torch.Generator("cpu").manual_seed(0)
    for n_columns in (2, 17, 256, 1023, 4097):
        a, b = (torch.randint(-1, 2, (64, n_columns), generator=generator, device="cpu").double() for _ in range(2))
        a[:, 0], b[:32, 0], b[:8, 1:], a[:8, 1:] = 1, MOST_COUNTED - n_columns, 1, 1
        product = torch.empty((64, 64), dtype=torch.float32, device=device)
        multiply(EncodedRows(a.to(device, torch.float32)), b.to(device, torch.float32), product)
        if not torch.equal(product.cpu().double(), a @ b.T):
            return False
    return True
