"""Checkpoint files as PyTorch and safetensors write them, and hostile pickles, for the C++ tests.

usage: make_files.py FOLDER. Every good file holds the tensors of `make_tensors`; what they hold is
stated once more, as numbers, in the C++ test.
"""

import json
import pickle
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


def make_tensors():
    """Per dtype the values 0 ... 5 as (2, 3); a scalar, an empty one, a name beyond ASCII."""
    tensors = OrderedDict()
    for name, dtype in DTYPES.items():
        tensors[f"x.{name}"] = torch.arange(6).reshape(2, 3).to(dtype)
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.empty(0, 4)
    tensors["na\u00efve \"\t\U0001f600"] = torch.tensor([-1.0])
    return tensors


class Call:
    """Pickles to a call of any function."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def write_zip(path, pickled, storages=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
        for key, data in storages:
            archive.writestr(f"archive/data/{key}", data)


def main(folder):
    tensors = make_tensors()
    save_file(tensors, folder / "good.safetensors", metadata={"format": "pt"})
    torch.save(tensors, folder / "zip.bin")
    torch.save(dict(tensors), folder / "zip4.bin", pickle_protocol=4)
    torch.save(tensors, folder / "legacy.bin", _use_new_zipfile_serialization=False)

    # A module's state_dict (it carries _metadata), parameters, views and shared storages.
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape))
    torch.save(module.state_dict(), folder / "module.bin")
    torch.save(OrderedDict(module.named_parameters()), folder / "parameters.bin")
    base = torch.arange(12.0).reshape(3, 4)
    views = {"base": base, "transposed": base.t(), "row": base[1], "corner": base[1:, 2:]}
    torch.save(views, folder / "views.bin")
    torch.save(views, folder / "views-legacy.bin", _use_new_zipfile_serialization=False)

    import builtins
    import os

    calls = {
        "system": Call(os.system, "touch " + str(folder / "called")),
        "eval": Call(builtins.eval, "open('%s', 'w')" % (folder / "called")),
        "attribute": Call(builtins.getattr, OrderedDict, "fromkeys"),
    }
    for name, call in calls.items():
        for protocol in (2, 4):
            torch.save({"x": call}, folder / f"call-{name}-{protocol}.bin", pickle_protocol=protocol)
        torch.save({"x": call}, folder / f"call-{name}-legacy.bin",
                   _use_new_zipfile_serialization=False)
    torch.save(module, folder / "call-module.bin")
    torch.save([base], folder / "list.bin")
    torch.save({"x": 3}, folder / "number.bin")
    torch.save({"x": base.expand(1000, 3, 4)}, folder / "expanded.bin")
    torch.save({"x": torch.zeros(2, dtype=torch.complex64)}, folder / "complex.bin")
    torch.save({"x": base.to_sparse()}, folder / "sparse.bin")

    # What else torch reads with weights_only: tensors with attributes, and others than plain ones.
    noted = torch.arange(6.0).reshape(2, 3)
    noted.note = "seen"
    parameter = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
    parameter.tensor_model_parallel = True
    torch.save({"tensor": noted, "parameter": parameter}, folder / "attributes.bin")
    others = {
        "neg": torch.view_as_complex(torch.arange(6.0).reshape(3, 2)).conj().imag,
        "quantized": torch.quantize_per_tensor(base, 0.1, 0, torch.qint8),
        "uint16": torch.zeros(2, dtype=torch.uint16),
        "float8": torch.zeros(2).to(torch.float8_e4m3fn),
        "meta": torch.empty(2, device="meta"),
        "nested": torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
        "csr": base.to_sparse_csr(),
        "size": base.shape,
        "dtype": torch.float32,
        "device": torch.device("cpu"),
        "set": {1, 2},
        "complex": 1j,
        "bytes": b"x",
    }
    for name, value in others.items():
        torch.save({"x": value}, folder / f"other-{name}.bin")
    from torch._weights_only_unpickler import _get_allowed_globals

    (folder / "allowed.json").write_text(json.dumps(sorted(_get_allowed_globals())))

    # Hand-made tensors on a storage of 4 floats: (elements, offset, sizes, strides).
    claims = {
        "fits": (4, 1, (3,), (1,)),
        "offset": (4, 2, (3,), (1,)),
        "negative-offset": (4, -1, (3,), (1,)),
        "negative-stride": (4, 3, (3,), (-1,)),
        "negative-size": (4, 0, (-3,), (1,)),
        "overflow": (4, 0, (2**33, 2**33), (0, 0)),
        "stride-overflow": (4, 0, (3, 1), (2**62 + 1, 1)),
        "repeats": (4, 0, (2**40,), (0,)),
        "short-storage": (5, 0, (5,), (1,)),
        "huge-storage": (2**62, 0, (5,), (1,)),
        "strides-missing": (4, 0, (2, 2), (1,)),
        "long-integer": (4, 2**70, (1,), (1,)),
    }

    class Storage:
        pass

    class Pickler(pickle._Pickler):
        def persistent_id(self, value):
            return value.id if isinstance(value, Storage) else None

    import io

    def on_storage(path, function, *arguments):
        storage = Storage()
        storage.id = ("storage", torch.FloatStorage, "0", "cpu", 4)
        out = io.BytesIO()
        Pickler(out, 2).dump({"x": Call(function, storage, 0, (4,), (1,), *arguments)})
        write_zip(path, out.getvalue(), [("0", bytes(16))])

    v2, none = torch._utils._rebuild_tensor_v2, OrderedDict()
    for name, function, arguments in (
            ("first", torch._utils._rebuild_tensor, ()), ("no-hooks", v2, (True, None)),
            ("bits-off", v2, (False, none, {"conj": False})), ("hooks", v2, (False, OrderedDict(a=3))),
            ("conj", v2, (False, none, {"conj": True})), ("unknown", v2, (False, none, {"x": 3})),
            ("gradient", v2, (None, none)), ("few", v2, (False,)), ("many", v2, (False, none, None, None))):
        on_storage(folder / f"rebuild-{name}.bin", function, *arguments)

    for name, (elements, offset, sizes, strides) in claims.items():
        storage = Storage()
        storage.id = ("storage", torch.FloatStorage, "0", "cpu", elements)
        tensor = Call(torch._utils._rebuild_tensor_v2, storage, offset, sizes, strides, False,
                      OrderedDict())
        out = io.BytesIO()
        Pickler(out, 2).dump({"x": tensor})
        write_zip(folder / f"claim-{name}.bin", out.getvalue(), [("0", bytes(16))])
        if name == "fits":
            write_zip(folder / "claim-missing-storage.bin", out.getvalue())
            with zipfile.ZipFile(folder / "claim-compressed.bin", "w",
                                 zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("archive/data.pkl", out.getvalue())
                archive.writestr("archive/data/0", bytes(16))

    # How Hugging Face splits tensors of 40 ... 400 bytes into shards of at most 350.
    from huggingface_hub import split_torch_state_dict_into_shards

    sized = {f"t{i:02}": torch.zeros(10 * (1 + (7 * i) % 10)) for i in range(20)}
    split = split_torch_state_dict_into_shards(sized, max_shard_size=350)
    index = {"sizes": {name: tensor.numel() for name, tensor in sized.items()},
             "files": split.filename_to_tensors}
    (folder / "split.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
