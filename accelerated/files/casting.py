"""Numbers as a dtype holds them: all must fit, so that a file never holds other numbers than were given."""

import numpy as np

from knn_inputs.entries import first_of, spell


def fit_numbers(
    block: np.ndarray, dtype: np.dtype, may_round: bool = False, name: str = "rows", first: int = 0
) -> np.ndarray:
    """Returns a C-contiguous array of this dtype with the numbers of a block, whose first row has the number ``first``.

    Raises ValueError, with the row and the column, for a number that the dtype does not hold. With ``may_round`` floats
    need only be within the range of the dtype.
    """
    if block.dtype.kind == "b":
        block = block.view(np.uint8)
    fits = _fit_int(block, dtype) if dtype.kind in "bui" else _fit_float(block, dtype, may_round)
    if not fits.all():
        i, j = first_of(~fits)
        is_rounded = dtype.kind == "f" and not may_round and _fit_float(block[i : i + 1, j : j + 1], dtype, True).all()
        advice = f"pass dtype={dtype.name!r} to round it" if is_rounded else "pass a dtype or a format that holds it"
        place = f"{spell(block[i, j])} in row {first + i}, column {j}"
        raise ValueError(f"{name} has {place}, which {dtype.name} does not hold: {advice}")
    return np.ascontiguousarray(block, dtype=dtype)


def _fit_int(block: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Tells of each number whether it is whole and in the range of the dtype."""
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if block.dtype.kind in "ui":
        return (low <= block) & (block <= high)
    wide = block.astype(np.float64) if block.dtype.itemsize < 8 else block  # float16 has no number near the ends
    # ``high`` itself may not be a float, but high + 1 is one, a power of two
    return (np.trunc(wide) == wide) & (float(low) <= wide) & (wide < float(high + 1))


def _fit_float(block: np.ndarray, dtype: np.dtype, may_round: bool) -> np.ndarray:
    """Tells of each number whether the dtype holds it, or if it may be rounded, one of a finite value near it."""
    if np.can_cast(block.dtype, dtype) and (block.dtype.kind == "f" or block.dtype.itemsize < dtype.itemsize):
        return np.ones(block.shape, bool)  # int64 is also cast to float64 by NumPy's rules, though it may be rounded
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        cast = block.astype(dtype)
        if may_round:
            return np.isfinite(cast) | ~np.isfinite(block)
        back = cast.astype(block.dtype)
    same = (back == block) | ((block != block) & (cast != cast))
    if block.dtype.kind in "ui":  # beyond the range of ints ``back`` depends on the machine
        same &= np.isfinite(cast) & (cast.astype(np.float64) < float(np.iinfo(block.dtype).max + 1))
    return same
