"""A BERT of examples/embedded with its units in another order, which an alignment must find again."""
import torch


def planted(tensors):
    """A with its units in another order, axis by axis, written with plain indexing."""
    torch.manual_seed(0)
    hidden, heads = 128, 4
    x = torch.randperm(hidden)
    t = {k: v.clone() for k, v in tensors.items()}
    for key in t:
        if "embeddings" in key and key.endswith("embeddings.weight"):
            t[key] = t[key][:, x]
        if "LayerNorm" in key:
            t[key] = t[key][x]
    head = "cls.predictions.transform.dense."
    t[head + "weight"], t[head + "bias"] = t[head + "weight"][x][:, x], t[head + "bias"][x]
    for i in range(4):
        layer = f"bert.encoder.layer.{i}."
        ffn, order = torch.randperm(512), torch.randperm(heads)
        units = {kind: torch.cat([h * 32 + torch.randperm(32) for h in order]) for kind in ("qk", "ov")}
        for name, rows, columns in (("attention.self.query", units["qk"], x), ("attention.self.key", units["qk"], x),
                                    ("attention.self.value", units["ov"], x), ("attention.output.dense", x, units["ov"]),
                                    ("intermediate.dense", ffn, x), ("output.dense", x, ffn)):
            t[layer + name + ".weight"] = t[layer + name + ".weight"][rows][:, columns]
            t[layer + name + ".bias"] = t[layer + name + ".bias"][rows]
    return t
