"""Labels as codes: each is the place of a row's label among the sorted classes, which rows that come and go change."""

import numpy as np
import torch
from torch import Tensor

from knn_inputs.targets import sort_labels, union_of_labels


def merge_labels(
    classes: np.ndarray, codes: Tensor, more_classes: np.ndarray, more_codes: np.ndarray
) -> tuple[np.ndarray, Tensor]:
    """Returns the sorted classes of rows and of more rows, and the codes of all of them.

    More rows have no classes if none of them counts; then their codes are 0, and are not used. Raises ValueError for
    labels that do not compare with one another.

    >>> merge_labels(np.array(["a", "c"]), torch.tensor([1, 0]), np.array(["b"]), np.array([0]))
    (array(['a', 'b', 'c'], dtype='<U1'), tensor([2, 0, 1]))
    """
    if not len(more_classes):
        return classes, torch.cat([codes, codes.new_zeros(len(more_codes))])
    union, place = sort_labels(union_of_labels(classes, more_classes))
    place_of_class, place_of_more = (
        torch.from_numpy(some).to(codes.device) for some in np.split(place, [len(classes)])
    )
    return union, torch.cat([place_of_class[codes], place_of_more[torch.from_numpy(more_codes).to(codes.device)]])


def drop_unused(classes: np.ndarray, codes: Tensor, repeats: np.ndarray | None = None) -> tuple[np.ndarray, Tensor]:
    """Returns the classes that have a row, and the codes of the rows among these.

    A row that counts 0 times, by ``repeats`` (n,), gives its class none; its code stays unused, and may be 0.

    >>> drop_unused(np.array(["a", "b", "c"]), torch.tensor([2, 0]))
    (array(['a', 'c'], dtype='<U1'), tensor([1, 0]))
    """
    is_used = torch.zeros(len(classes), dtype=torch.bool, device=codes.device)
    is_used[codes if repeats is None else codes[torch.from_numpy(repeats > 0).to(codes.device)]] = True
    return classes[is_used.cpu().numpy()], (is_used.cumsum(0) - 1).clamp_(min=0)[codes]
