"""Architectures as tables: PyTorch's own modules judge what braid does to their parameters.

Usage: table_test.py BRAID EMBEDDED TABLES. Ends with a nonzero status on the first failure.
"""
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from program import braid, check, result
import program

EMBEDDED, TABLES = Path(sys.argv[2]), Path(sys.argv[3])

# Each is a script that `--callable` runs, and a module here.
NETS = {"mlp": """
import torch
from torch import nn
from torch.nn import functional as F

def random_state(seed):
    draw, state = torch.Generator().manual_seed(seed), {}
    sizes = [9, 16, 12, 20, 4]
    for k in range(4):
        state[f"fc{k + 1}.weight"] = torch.randn(sizes[k + 1], sizes[k], generator=draw, dtype=torch.double)
        state[f"fc{k + 1}.bias"] = torch.randn(sizes[k + 1], generator=draw, dtype=torch.double)
    return state

def inputs():
    return torch.randn(300, 9, generator=torch.Generator().manual_seed(9), dtype=torch.double)

def run(t, x, tap):
    for k in (1, 2, 3):
        x = F.relu(F.linear(x, t[f"fc{k}.weight"], t[f"fc{k}.bias"]))
        tap(f"h{k}", x)
    return F.linear(x, t["fc4.weight"], t["fc4.bias"])
""", "vit": """
import torch
from torch.nn import functional as F

D, HEADS, BLOCKS, CLASSES, PATCH = 24, 3, 2, 5, 4

def random_state(seed):
    draw, t = torch.Generator().manual_seed(seed), {}
    def add(name, *shape, mean=0.0):
        t[name] = mean + 0.3 * torch.randn(*shape, generator=draw, dtype=torch.double)
    add("cls_token", 1, 1, D), add("pos_embed", 1, 17, D)
    add("patch_embed.proj.weight", D, 3, PATCH, PATCH), add("patch_embed.proj.bias", D)
    for i in range(BLOCKS):
        b = f"blocks.{i}."
        for norm in ("norm1", "norm2"):
            add(b + norm + ".weight", D, mean=1.0), add(b + norm + ".bias", D)
        for name, rows, columns in (("attn.qkv", 3 * D, D), ("attn.proj", D, D), ("mlp.fc1", 40, D), ("mlp.fc2", D, 40)):
            add(b + name + ".weight", rows, columns), add(b + name + ".bias", rows)
    add("norm.weight", D, mean=1.0), add("norm.bias", D)
    add("head.weight", CLASSES, D), add("head.bias", CLASSES)
    return t

def inputs():
    return torch.randn(12, 3, 16, 16, generator=torch.Generator().manual_seed(9), dtype=torch.double)

def run(t, x, tap):
    linear = lambda x, name: F.linear(x, t[name + ".weight"], t[name + ".bias"])
    norm = lambda x, name: F.layer_norm(x, (D,), t[name + ".weight"], t[name + ".bias"], 1e-6)
    x = F.conv2d(x, t["patch_embed.proj.weight"], t["patch_embed.proj.bias"], stride=PATCH).flatten(2).transpose(1, 2)
    x = torch.cat([t["cls_token"].expand(len(x), -1, -1), x], 1) + t["pos_embed"]
    tap("embeddings", x)
    for i in range(BLOCKS):
        b, n = f"blocks.{i}.", x.shape[1]
        q, k, v = linear(norm(x, b + "norm1"), b + "attn.qkv").chunk(3, -1)
        tap(f"layer.{i}.query", q), tap(f"layer.{i}.key", k)
        heads = [part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (q, k, v)]
        context = F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
        tap(f"layer.{i}.attention", context)
        x = x + linear(context, b + "attn.proj")
        h = F.gelu(linear(norm(x, b + "norm2"), b + "mlp.fc1"))
        tap(f"layer.{i}.ffn", h)
        x = x + linear(h, b + "mlp.fc2")
        tap(f"layer.{i}.output", x)
    return linear(norm(x, "norm")[:, 0], "head")
""", "resnet": """
import torch
from torch.nn import functional as F

WIDTHS = [6, 8, 10, 12]

def random_state(seed):
    draw, t = torch.Generator().manual_seed(seed), {}
    def conv(name, out, into, size):
        t[name + ".weight"] = torch.randn(out, into, size, size, generator=draw, dtype=torch.double) / (into * size) ** .5
    def bn(name, width):
        for part in ("weight", "bias", "running_mean", "running_var"):
            t[f"{name}.{part}"] = 0.5 + torch.rand(width, generator=draw, dtype=torch.double)
        t[name + ".num_batches_tracked"] = torch.tensor(100 + seed)
    conv("conv1", WIDTHS[0], 3, 7), bn("bn1", WIDTHS[0])
    for k, width in enumerate(WIDTHS):
        for i in range(2):
            before = WIDTHS[k - 1] if k and not i else width
            block = f"layer{k + 1}.{i}."
            conv(block + "conv1", width, before, 3), bn(block + "bn1", width)
            conv(block + "conv2", width, width, 3), bn(block + "bn2", width)
            if before != width:
                conv(block + "downsample.0", width, before, 1), bn(block + "downsample.1", width)
    t["fc.weight"] = torch.randn(4, WIDTHS[-1], generator=draw, dtype=torch.double)
    t["fc.bias"] = torch.randn(4, generator=draw, dtype=torch.double)
    return t

def inputs():
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(9), dtype=torch.double)

def run(t, x, tap):
    conv = lambda x, name, stride, pad: F.conv2d(x, t[name + ".weight"], stride=stride, padding=pad)
    bn = lambda x, name: F.batch_norm(x, *(t[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))
    x = F.max_pool2d(F.relu(bn(conv(x, "conv1", 2, 3), "bn1")), 3, 2, 1)
    for k in range(4):
        for i in range(2):
            block, stride = f"layer{k + 1}.{i}.", 2 if k and not i else 1
            y = F.relu(bn(conv(x, block + "conv1", stride, 1), block + "bn1"))
            y = bn(conv(y, block + "conv2", 1, 1), block + "bn2")
            if block + "downsample.0.weight" in t:
                x = bn(conv(x, block + "downsample.0", stride, 0), block + "downsample.1")
            x = F.relu(x + y)
    return F.linear(x.mean((2, 3)), t["fc.weight"], t["fc.bias"])
"""}
for source in NETS:
    NETS[source] += "\n\ndef outputs(t):\n    return run(t, inputs(), lambda name, x: None)\n"


def module(name):
    scope = {}
    exec(NETS[name], scope)
    return scope


def features(net, state, path):
    seen = {}
    net["run"](state, net["inputs"](), lambda name, x: seen.update({name: x.flatten(0, -2).contiguous()}))
    save_file(seen, path)
    return path


def save(state, path):
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path


def same(found, wanted, what, tolerance=0.0):
    check(found.keys() == wanted.keys(), f"{what}: {found.keys() ^ wanted.keys()}")
    for name, tensor in wanted.items():
        gap = (found[name].double() - tensor.double()).abs().max().item() if tensor.numel() else 0
        check(gap <= tolerance and found[name].dtype == tensor.dtype, f"{what}: {name} differs by {gap}")


def refuses(*arguments, says):
    done = braid(*arguments, status=2)
    check(says in done.stderr and "please report" not in done.stderr, f"{arguments}: {done.stderr!r} does not say {says!r}")


def permuted_mlp(t, orders):
    t = dict(t)
    for k, order in enumerate(orders, 1):
        t[f"fc{k}.weight"], t[f"fc{k}.bias"] = t[f"fc{k}.weight"][order], t[f"fc{k}.bias"][order]
        t[f"fc{k + 1}.weight"] = t[f"fc{k + 1}.weight"][:, order]
    return t


def permuted_vit(t, heads=3, blocks=2):
    """With its units in another order, written with plain indexing."""
    t, x = dict(t), torch.randperm(24)
    for name in t:
        if name.startswith(("cls_token", "pos_embed")):
            t[name] = t[name][:, :, x]
        if "norm" in name or name.startswith("patch_embed") or name.endswith(("proj.bias", "fc2.bias")):
            t[name] = t[name][x]
    for i in range(blocks):
        b, order, ffn = f"blocks.{i}.", torch.randperm(heads), torch.randperm(40)
        qk, ov = (torch.cat([h * 8 + torch.randperm(8) for h in order]) for _ in range(2))
        rows = torch.cat([qk, 24 + qk, 48 + ov])
        for name, out, into in (("attn.qkv", rows, x), ("attn.proj", x, ov), ("mlp.fc1", ffn, x), ("mlp.fc2", x, ffn)):
            t[b + name + ".weight"] = t[b + name + ".weight"][out][:, into]
            if not name.endswith(("proj", "fc2")):
                t[b + name + ".bias"] = t[b + name + ".bias"][out]
    t["head.weight"] = t["head.weight"][:, x]
    return t


def permuted_resnet(t, widths):
    t = dict(t)
    orders = [torch.randperm(width) for width in widths]
    def bn(name, order):
        for part in ("weight", "bias", "running_mean", "running_var"):
            t[f"{name}.{part}"] = t[f"{name}.{part}"][order]
    def conv(name, out, into):
        t[name] = t[name][out][:, into]
    t["conv1.weight"] = t["conv1.weight"][orders[0]]
    bn("bn1", orders[0])
    for k, order in enumerate(orders):
        for i in range(2):
            block, mid = f"layer{k + 1}.{i}.", torch.randperm(len(order))
            before = orders[k - 1] if k and not i else order
            conv(block + "conv1.weight", mid, before), bn(block + "bn1", mid)
            conv(block + "conv2.weight", order, mid), bn(block + "bn2", order)
            if k and not i:
                conv(block + "downsample.0.weight", order, before), bn(block + "downsample.1", order)
    t["fc.weight"] = t["fc.weight"][:, orders[-1]]
    return t


def tables_are_right():
    """Random elements of every axis leave what PyTorch computes as it was."""
    for name in NETS:
        shown = result("verify", state[name], "--table", table[name], "--callable", f"{script[name]}:outputs",
                       "--python", sys.executable)
        check(shown["same"] and max(axis["relative"] for axis in shown["axes"].values()) < 1e-9, f"{name}: {shown}")
    wrong = scratch / "wrong.yaml"
    wrong.write_text(table["vit"].read_text().replace("layer.*.ffn: permutation", "layer.*.ffn: orthogonal"))
    done = braid("verify", state["vit"], "--table", wrong, "--callable", f"{script['vit']}:outputs",
                 "--python", sys.executable, status=1)
    check("THE TABLE IS WRONG" in done.stdout and "WRONG" in done.stdout.split("layer.*.ffn")[1].split("\n")[0], done.stdout)
    refuses("verify", state["mlp"], "--table", table["mlp"], "--callable", "mlp.py", says="SCRIPT.py:FUNCTION")


def planted_is_found():
    for name, permuted in (("mlp", lambda t: permuted_mlp(t, [torch.randperm(n) for n in (16, 12, 20)])),
                           ("vit", permuted_vit), ("resnet", lambda t: permuted_resnet(t, (6, 8, 10, 12)))):
        net, a = module(name), load_file(state[name])
        b = permuted(a)
        gap = (net["outputs"](a) - net["outputs"](b)).abs().max().item()
        check(gap < 1e-9, f"{name}: the test's own permutation changes the outputs by {gap}")
        file = save(b, scratch / f"{name}-b.safetensors")
        by = {"weights": ["--method", "weights"]}
        if name != "resnet":
            files = [features(net, t, scratch / f"{name}-{k}-features.safetensors") for k, t in (("a", a), ("b", b))]
            by.update({"features": ["--features", *files], "both": ["--method", "both", "--features", *files]})
        for method, options in by.items():
            stem = scratch / f"{name}-{method}"
            with_table = ["--table", table[name]]
            found = result("align", state[name], file, *with_table, *options, "--in-head", "permutation", "-o", f"{stem}.alignment")
            check(found["exact"] and found["family"] in ("MLP", "timm ViT", "ResNet"), f"{stem}: {found['family']}")
            braid("transform", file, *with_table, "--alignment", f"{stem}.alignment", "-o", stem)
            same(load_file(stem / "model.safetensors"), a, stem.name)
        shown = result("verify", file, stem, *with_table, "--alignment", f"{stem}.alignment")
        check(shown["same"] and shown["structural"], f"{stem}: {shown}")
        shown = result("verify", file, state[name], *with_table)
        check(shown["same"], f"{name}: the element between them is not found: {shown}")
        braid("merge", state[name], file, *with_table, "--method", "weights", "--in-head", "permutation",
              "-o", scratch / f"{name}-merged")
        same(load_file(scratch / f"{name}-merged/model.safetensors"), a, f"{name}, merged", 1e-12)
        card = (scratch / f"{name}-merged/README.md").read_text()
        check("if the table is right" in card and "transformers" not in card, card)
    orthogonal = scratch / "vit-orthogonal.alignment"
    braid("align", state["vit"], scratch / "vit-b.safetensors", "--table", table["vit"], "--method", "weights", "-o", orthogonal)
    braid("transform", scratch / "vit-b.safetensors", "--table", table["vit"], "--alignment", orthogonal, "-o", scratch / "vit-o")
    same(load_file(scratch / "vit-o/model.safetensors"), load_file(state["vit"]), "orthogonal maps", 1e-9)


def same_by_what_they_compute():
    net, other = module("mlp"), module("mlp")["random_state"](5)
    a, b = state["mlp"], scratch / "mlp-b.safetensors"
    c = save(other, scratch / "mlp-c.safetensors")
    by = ["--table", table["mlp"], "--callable", f"{script['mlp']}:outputs", "--python", sys.executable]
    check(result("verify", a, b, *by)["same"], "the same function by a callable")
    refuses("verify", a, c, *by[:3], f"{script['mlp']}:nothing", *by[4:], says="mlp.py:nothing: failed")
    done = braid("verify", a, c, "--table", table["mlp"], status=1)
    check("NOT SHOWN" in done.stdout, done.stdout)
    files = [save({"logits": net["outputs"](load_file(f))}, scratch / f"{f.stem}-outputs.safetensors") for f in (a, b, c)]
    check(result("verify", a, b, "--outputs", *files[:2])["same"], "the same outputs")
    braid("verify", a, c, "--outputs", files[0], files[2], status=1)
    for more in (["--table", table["mlp"]], by[2:4], by[4:], ["--alignment", a], ["--text", a], ["--lines", 1]):
        refuses("verify", a, b, "--outputs", *files[:2], *more, says=f"{more[0]} is not used")
    for more in (["--alignment", a], ["--text", a], ["--lines", 1]):
        refuses("verify", a, b, *by, *more, says=f"{more[0]} is not used")
    save({"other": torch.zeros(2)}, scratch / "other.safetensors")
    refuses("verify", a, b, "--outputs", files[0], scratch / "other.safetensors", says="has output logits")


def what_is_carried():
    a, b = module("resnet")["random_state"](1), module("resnet")["random_state"](2)
    files = [save(t, scratch / f"carried-{k}.safetensors") for k, t in (("a", a), ("b", b))]
    with_table = ["--table", table["resnet"]]
    done = braid("merge", *files, *with_table, "--method", "weights", "-o", scratch / "carried")
    check("this counter differs" in done.stderr, done.stderr)
    merged = load_file(scratch / "carried/model.safetensors")
    check(merged["bn1.num_batches_tracked"] == 101 and merged["bn1.num_batches_tracked"].dtype == torch.long, "a's counter")
    check(merged.keys() == a.keys() and not (scratch / "carried/config.json").exists(), "the same tensors, no config")
    for t in (a, b):
        t["anchors"] = torch.arange(3.0) if t is a else torch.ones(3)
        save(t, files[t is b])
    refuses("merge", *files, *with_table, "--method", "weights", "-o", scratch / "n", says="anchors; add rules, or list them under ignore")
    more = scratch / "more.yaml"
    more.write_text(table["resnet"].read_text() + '  - anchors\n')
    refuses("merge", *files, "--table", more, "--no-align", "-o", scratch / "n", says="anchors: ignored by the table, but its values differ")


def other_kinds_of_files():
    a = load_file(state["mlp"])
    (scratch / "one").mkdir()
    torch.save(a, scratch / "one/weights.pt")
    torch.save(a, scratch / "a.bin")
    for place in (scratch / "one", scratch / "one/weights.pt", scratch / "a.bin"):
        shown = result("inspect", place, "--table", table["mlp"])
        check(shown["axes"]["h2"]["units"] == 12 and shown["tensors"]["fc2.weight"]["pattern"] == "h2 h1'", f"{place}: {shown}")
    tied = scratch / "tied.yaml"
    tied.write_text("axes: {x: GROUP}\ntensors: {words: _ x, map: x x', words_again: _ x'}\n".replace("GROUP", "orthogonal"))
    words = torch.randn(7, 5)
    torch.save({"words": words, "map": torch.randn(5, 5), "words_again": words}, scratch / "tied.pt")
    braid("inspect", scratch / "tied.pt", "--table", tied)
    tied.write_text(tied.read_text().replace("orthogonal", "general"))
    refuses("inspect", scratch / "tied.pt", "--table", tied, says="words and words_again are tied")
    square = torch.randn(7, 7)
    for views in ({"words": square[:, :5], "words_again": square[2:, :5]}, {"words": square, "words_again": square.t()}):
        torch.save({**views, "map": torch.randn(len(views["words"][0]), len(views["words"][0]))}, scratch / "views.pt")
        refuses("inspect", scratch / "views.pt", "--table", tied, says="words and words_again are different views")
    torch.save(a, scratch / "one/more.pt")
    refuses("inspect", scratch / "one", "--table", table["mlp"], says="2 weights files, more.pt, weights.pt")
    (scratch / "readme.txt").write_text("x")
    refuses("inspect", scratch / "readme.txt", "--table", table["mlp"], says="expected a weights file")
    braid("interpolate", scratch / "a.bin", state["mlp"], "--table", table["mlp"], "--t", "0.25", "-o", scratch / "point")
    same(load_file(scratch / "point/model.safetensors"), a, "between a and a")
    braid("interpolate", scratch / "a.bin", state["mlp"], "--table", table["mlp"], "-o", scratch / "point", "--overwrite")


def built_in_as_table():
    """What a built-in table is as a file finds what it finds."""
    folders = [EMBEDDED / "bert-1", EMBEDDED / "bert-2"]
    file = scratch / "bert.yaml"
    file.write_text(braid("inspect", folders[0], "--as-table").stdout)
    check("bert.encoder.layer.*.attention.self.query.weight: (head qk) x'" in file.read_text(), file.read_text())
    check(braid("inspect", folders[1], "--as-table").stdout == file.read_text(), "one architecture, two texts")
    options = ["--method", "weights", "--in-head", "permutation", "--starts", 1]
    by_family = result("align", *folders, *options, "-o", scratch / "family.alignment")["axes"]
    by_table = result("align", *folders, *options, "--table", file, "-o", scratch / "table.alignment")["axes"]
    check({k: v.get("indices") for k, v in by_family.items()} == {k: v.get("indices") for k, v in by_table.items()},
          "another alignment by the table")
    refuses("transform", folders[1], "--alignment", scratch / "table.alignment", "-o", scratch / "n", says="table")
    refuses("transform", folders[1], "--alignment", scratch / "family.alignment", "--table", file, "-o", scratch / "n",
            says="fingerprint")


def what_takes_a_forward_pass():
    a, b, text = state["mlp"], scratch / "mlp-b.safetensors", scratch / "text.txt"
    text.write_text("one line\n")
    with_table = ["--table", table["mlp"]]
    refuses("align", a, b, *with_table, "--text", text, "-o", scratch / "n", says="needs a forward pass")
    refuses("align", a, b, *with_table, "-o", scratch / "n", says="--features A B")
    refuses("align", a, b, *with_table, "--method", "weights", "--canonicalise", "-o", scratch / "n", says="a --table does not describe")
    refuses("align", a, b, *with_table, "--method", "learned", "--start", "weights", "--text", text, "-o", scratch / "n",
            says="needs a forward pass")
    refuses("merge", a, b, *with_table, "--method", "weights", "--dev", text, "-o", scratch / "n", says="has no forward pass")
    refuses("verify", a, b, *with_table, "--text", text, says="--callable or --outputs")
    refuses("align", a, b, "--method", "weights", "-o", scratch / "n", says="not a folder")
    other = scratch / "edited.yaml"
    other.write_text(table["mlp"].read_text().replace("fc4.weight: _ h3'", "fc4.weight: _ h3").replace(
        "h3: {group: permutation, scales: true}", "h3: {group: permutation, returned: true}"))
    refuses("transform", b, "--table", other, "--alignment", scratch / "mlp-weights.alignment", "-o", scratch / "n",
            says="another --table")


def hostile_features():
    net, t = module("mlp"), load_file(state["mlp"])
    a, b = scratch / "mlp-a-features.safetensors", scratch / "bad.safetensors"
    good = load_file(a)
    for change, says in (({"h1": good["h1"][:, :5].contiguous()}, "expected floating point of shape (tokens, 16)"),
                         ({"h1": good["h1"][:7].contiguous()}, "rows of h1"),
                         ({"h1": good["h1"] * float("nan")}, "NaN or infinity in rows 0 to 299"),
                         ({"h1": good["h1"].long()}, "expected floating point"),
                         ({"nose": good["h1"].clone()}, "nose is not a tap"),
                         ({"h1": None}, "no features for tap h1")):
        save_file({k: v for k, v in {**good, **change}.items() if v is not None}, b)
        refuses("align", state["mlp"], scratch / "mlp-b.safetensors", "--table", table["mlp"], "--features", a, b,
                "-o", scratch / "n", says=says)
    refuses("align", state["mlp"], state["mlp"], "--table", table["mlp"], "--features", a, "-o", scratch / "n", says="two files")


def main():
    torch.manual_seed(0)
    for name in NETS:
        script[name] = scratch / f"{name}.py"
        script[name].write_text(NETS[name])
        state[name] = save(module(name)["random_state"](1), scratch / f"{name}-a.safetensors")
        table[name] = scratch / f"{name}.yaml"
        table[name].write_text((TABLES / f"{name}.yaml").read_text().replace("layer.*.head: 12", "layer.*.head: 3"))
    tables_are_right()
    planted_is_found()
    same_by_what_they_compute()
    what_is_carried()
    other_kinds_of_files()
    built_in_as_table()
    what_takes_a_forward_pass()
    hostile_features()


with tempfile.TemporaryDirectory() as folder:
    scratch, script, state, table = Path(folder), {}, {}, {}
    main()
print(f"{program.checks} checks passed")
