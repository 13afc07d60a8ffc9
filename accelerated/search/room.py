"""Memory for the bounds of one block after the other: a CPU touches fresh memory slower than a product fills it."""

import threading

import torch
from torch import Tensor

from accelerated.arrays import allocate


class Room:
    """Tensors by name that are overwritten by the next ones of the same name."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._kept: dict[str, Tensor] = {}

    def take(self, name: str, shape: tuple[int, int], dtype: torch.dtype) -> Tensor:
        """Returns an uninitialised tensor, in the memory of the one that had the name before if that is enough.

        >>> room = Room(torch.device("cpu"))
        >>> first, second = (room.take("bounds", (n, 4), torch.float32) for n in (100, 50))
        >>> second.shape, first.data_ptr() == second.data_ptr()
        (torch.Size([50, 4]), True)
        """
        n_bytes = shape[0] * shape[1] * dtype.itemsize
        if name not in self._kept or len(self._kept[name]) < n_bytes:
            self._kept.pop(name, None)  # or both would be held at once
            self._kept[name] = allocate((n_bytes, 1), torch.uint8, self._device)[:, 0]
        return self._kept[name][:n_bytes].view(dtype).view(shape)


class Rooms(threading.local):
    """A room for each thread that asks for ``here``, kept for as long as this object is."""

    def __init__(self, device: torch.device) -> None:
        self.here = Room(device)
