"""A pretended GPU: tensors of this CPU that are marked as tensors of a CUDA device.

Inside ``PretendedGpu`` every call of torch passes through ``call``, which marks the tensors made on ``cuda``. A marked
tensor meets only tensors of the same device, cannot become a NumPy array, and counts against the device's memory.
Products of 16-bit matrices are those of a tensor core (``tensor_cores``), products of integers have CUDA's shapes only,
and square roots are correctly rounded, as on CUDA.

So a test can show that the code for a GPU runs, mixes no devices, keeps to its memory, and has bounds that hold in such
arithmetic. It cannot show the speed of a GPU, nor where real kernels behave differently.
"""

import functools
import threading
import time
import weakref
from types import FunctionType
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from accelerated.search.bounds.accumulation import _try_products
from accelerated.search.speeds import seconds_of_product
from accelerated.square_root import rounds_correctly
from tests import tensor_cores

CPU = torch.device("cpu")
MOST_SIMULATED = 2**26  # multiplications: larger products are added as on this CPU
MOVES = {"copy_", "type_as"}  # functions that take tensors of two devices
FOUND_OUT_ONCE = {  # functions that try a device by products, which takes seconds
    "accelerated.search.bounds.accumulation._try_products": _try_products,
    "accelerated.search.speeds.seconds_of_product": seconds_of_product,
}
NOT_ON_CUDA = {"numpy", "__array__", "from_numpy", "data_ptr"}
DEVICE, IS_CUDA = Tensor.device.__get__, Tensor.is_cuda.__get__
SHAPES = {Tensor.shape.__get__, Tensor.dtype.__get__, Tensor.ndim.__get__}  # alike on every device, and often asked for
SIZES = {"__len__", "dim", "element_size", "is_contiguous", "is_floating_point", "numel", "size", "stride"}  # the same


class OnGpu(Tensor):
    """A tensor of the CPU that is marked with a CUDA device."""

    gpu: torch.device

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return call(func, args, kwargs or {})


class Mark(weakref.ref):
    """Tells when a marked tensor is gone; lighter than ``weakref.finalize``, because millions of tensors are marked."""

    __slots__ = ("key", "size")  # of its storage


class Event:
    """A mark in time."""

    def __init__(self, enable_timing=False):
        self.seconds = None

    def record(self):
        self.seconds = time.perf_counter()

    def synchronize(self):
        pass

    def elapsed_time(self, other):
        return 1000 * (other.seconds - self.seconds)


class PretendedGpu(TorchFunctionMode):
    """A context in which ``n_devices`` CUDA devices seem to exist, with ``memory`` bytes each.

    ``allocated`` and ``peak`` count the bytes of marked tensors, without the scratch of torch's own functions, and
    ``n_refused`` the allocations for which no memory was left. ``accelerated`` tries the precision and the speed of
    products once for each ``core``, because that takes seconds, and then they are ``known`` to all pretended GPUs with
    this core. Where a test changes how a device is tried, ``known=False`` has it tried again.
    """

    current: "PretendedGpu | None" = None

    def __init__(
        self,
        memory: int = 2**36,
        n_devices: int = 2,
        core: tensor_cores.Core = tensor_cores.HOPPER,
        known: bool = True,
    ):
        super().__init__()
        self.memory, self.n_devices, self.core = memory, n_devices, core
        self.storages: dict[int, int] = {}  # the number of marked tensors in each
        self.marks: dict[int, Mark] = {}
        self.lock = threading.RLock()
        self.allocated = self.peak = self.n_refused = 0
        self.fakes = [
            mock.patch("torch.cuda.is_available", lambda: True),
            mock.patch("torch.cuda.current_device", lambda: 0),
            mock.patch("torch.cuda.mem_get_info", lambda device=None: (memory - self.allocated, memory)),
            mock.patch("torch.cuda.memory_reserved", lambda device=None: self.allocated),
            mock.patch("torch.cuda.memory_allocated", lambda device=None: self.allocated),
            mock.patch("torch.cuda.get_device_capability", lambda device=None: core.capability),
            mock.patch("torch.cuda.get_device_name", lambda device=None: "a pretended GPU"),
            mock.patch("torch.cuda.synchronize", lambda device=None: None),
            mock.patch("torch.cuda.max_memory_allocated", lambda device=None: self.peak),
            mock.patch("torch.cuda.reset_peak_memory_stats", self._forget_peak),
            mock.patch("torch.cuda.Event", Event),
            mock.patch("torch.cuda.set_device", lambda device: None),
            mock.patch("threading.Thread.run", _run_inside(threading.Thread.run)),
            *(mock.patch(name, _remembered(name, core if known else object())) for name in FOUND_OUT_ONCE),
        ]

    def __enter__(self):
        for fake in self.fakes:
            fake.start()
        rounds_correctly.cache_clear()
        PretendedGpu.current = self
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        PretendedGpu.current = None
        for fake in self.fakes:
            fake.stop()
        rounds_correctly.cache_clear()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return call(func, args, kwargs or {})

    def _forget_peak(self, device=None) -> None:
        self.peak = self.allocated

    def device(self, name):
        """The device of this name, with its number. Raises RuntimeError if there is no such device."""
        device = torch.device(name)
        index = device.index or 0
        if device.type == "cuda" and index >= self.n_devices:
            raise RuntimeError(f"CUDA error: invalid device ordinal {index}")
        return torch.device("cuda", index) if device.type == "cuda" else device

    def mark(self, tensor: Tensor, device: torch.device) -> Tensor:
        """The tensor, marked with the device; it takes memory there unless it is a view of a marked tensor."""
        storage = tensor.untyped_storage()
        key, size = storage.data_ptr(), storage.nbytes()
        with self.lock:
            if key not in self.storages:
                if self.allocated + size > self.memory:
                    self.n_refused += 1
                    raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {size} bytes")
                self.allocated += size
                self.peak = max(self.peak, self.allocated)
            self.storages[key] = self.storages.get(key, 0) + 1
        marked = tensor.as_subclass(OnGpu)
        marked.gpu = device
        mark = Mark(marked, self._release)
        mark.key, mark.size = key, size
        self.marks[id(mark)] = mark
        return marked

    def _release(self, mark: Mark) -> None:
        with self.lock:
            del self.marks[id(mark)]
            self.storages[mark.key] -= 1
            if not self.storages[mark.key]:
                del self.storages[mark.key]
                self.allocated -= mark.size


@functools.cache
def _remembered(name: str, core: object):
    """The function of that name, with a memory of its own for each core."""
    return functools.cache(FOUND_OUT_ONCE[name].__wrapped__)


class _Inside(TorchFunctionMode):
    """Passes the calls of torch through ``call`` in a thread that is started inside ``PretendedGpu``."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return call(func, args, kwargs or {})


def _run_inside(run):
    def run_inside(thread):
        with _Inside():
            run(thread)

    return run_inside


def call(func, args, kwargs):
    """Calls torch's function, and marks the result with the device where CUDA would put it."""
    gpu = PretendedGpu.current
    name = getattr(func, "__name__", "")
    with torch._C.DisableTorchFunctionSubclass():
        if gpu is None:
            raise RuntimeError("a tensor outlived its pretended GPU")
        if name in SIZES or (name == "__get__" and func in SHAPES):
            return func(*args, **kwargs)
        if func == DEVICE:
            return getattr(args[0], "gpu", CPU)
        if func == IS_CUDA:
            return isinstance(args[0], OnGpu)
        tensors = [value for value in _values((*args, *kwargs.values())) if isinstance(value, Tensor)]
        marked = [tensor for tensor in tensors if isinstance(tensor, OnGpu)]
        device = _device(gpu, name, args, kwargs, tensors)
        is_on_gpu = device is not None and device.type == "cuda"
        if not is_on_gpu and not marked:
            return func(*args, **kwargs)
        if name in NOT_ON_CUDA and marked:
            raise TypeError("can't convert cuda device type tensor to numpy. Use Tensor.cpu() first.")
        move = _on_cpu if isinstance(func, FunctionType) or func in FUNCTIONS else _named_cpu
        args, kwargs = [move(value) for value in args], {name: move(value) for name, value in kwargs.items()}
        if name in ("cpu", "cuda"):
            func, args = Tensor.clone, args[:1]
        result = FUNCTIONS.get(func, func)(*args, **kwargs)
        if name in ("to", "contiguous") and device != getattr(tensors[0], "gpu", CPU) and _is_same(result, args[0]):
            result = result.clone()  # memory of another device is a copy
        return _marked(gpu, result, device) if is_on_gpu else result


def _device(gpu, name, args, kwargs, tensors):
    """Where CUDA would put the result: on the device that is asked for, or else on that of the tensors.

    Raises RuntimeError if the tensors are on several devices.
    """
    if name == "cpu":
        return CPU
    if name == "cuda":
        return gpu.device("cuda")
    devices = [t.gpu if isinstance(t, OnGpu) else t.device for t in tensors if isinstance(t, OnGpu) or t.ndim]
    if name not in MOVES and any(device != devices[0] for device in devices):
        raise RuntimeError(f"Expected all tensors to be on the same device, but {name} got {devices}")
    for leaf in (kwargs.get("device"), *(args[1:] if name == "to" else ())):
        if isinstance(leaf, torch.device) or (isinstance(leaf, str) and leaf.partition(":")[0] in ("cuda", "cpu")):
            return gpu.device(leaf)
    if devices and name not in MOVES:
        return devices[0]
    return getattr(tensors[0], "gpu", tensors[0].device) if tensors else None


def _values(nested):
    """The values in tuples and lists that may be nested; much faster than torch's own ``tree_leaves``."""
    for value in nested:
        if isinstance(value, (tuple, list)):
            yield from _values(value)
        else:
            yield value


def _on_cpu(value):
    """The value with marked tensors as plain ones and ``cuda`` as ``cpu``, also inside tuples and lists.

    For functions in Python, which ask a tensor for its class.
    """
    if isinstance(value, OnGpu):
        return value.as_subclass(Tensor)
    if type(value) in (tuple, list):
        return type(value)(map(_on_cpu, value))
    return _named_cpu(value)


def _named_cpu(value):
    """The value, but for ``cuda``, which becomes ``cpu``."""
    is_device = isinstance(value, torch.device) or (isinstance(value, str) and value.startswith("cuda"))
    return CPU if is_device else value


def _marked(gpu, value, device):
    """The value with plain tensors marked; a marked one is that which the function was given, and has written into."""
    if isinstance(value, Tensor):
        return value if isinstance(value, OnGpu) else gpu.mark(value, device)
    if isinstance(value, (tuple, list)):
        return type(value)([_marked(gpu, one, device) for one in value])
    return value


def _is_same(a: Tensor, b: Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _mm(a: Tensor, b: Tensor, out_dtype: torch.dtype | None = None, *, out: Tensor | None = None) -> Tensor:
    if a.dtype not in (torch.float16, torch.bfloat16):
        assert out_dtype is None
        return torch.mm(a, b) if out is None else torch.mm(a, b, out=out)
    assert PretendedGpu.current is not None
    if a.numel() * b.shape[1] > MOST_SIMULATED:
        product = torch.mm(a.float(), b.float()).to(out_dtype or a.dtype)
    else:
        product = tensor_cores.multiply(a, b, out_dtype or a.dtype, PretendedGpu.current.core)
    return product if out is None else out.copy_(product)


def _int_mm(a: Tensor, b: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The shapes that cuBLAS takes, by the checks in torch's ``_int_mm_out_cuda``."""
    if len(a) <= 16 or a.shape[1] % 8 or b.shape[1] % 8:
        raise RuntimeError(f"self.size(0) needs to be greater than 16, sizes multiples of 8, got {a.shape}, {b.shape}")
    product = (a.double() @ b.double()).to(torch.int32)
    return product if out is None else out.copy_(product)


def _sqrt(x: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(np.sqrt(x.numpy())))


FUNCTIONS = {torch.mm: _mm, torch._int_mm: _int_mm, torch.sqrt: _sqrt, Tensor.sqrt: _sqrt}
