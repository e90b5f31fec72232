"""Observe and align two models, of BERT-base's size unless said otherwise: braid against the published way, in one run.

The published way (method.md): batches of 8 lines, a PyTorch forward of each model, at every tap the
full 2d x 2d product of both models' features in float32 added into float64, then the correlations of
all taps, then SciPy's assignments (authors' code: metric_calculators.py, model_merger.py).
Same weights (random), same text, same threads. Ends with a nonzero status where braid, in float32, finds another
objective. Usage: align_published.py BRAID [--lines N...] [--layers L] [--heads H]
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


UNITS = 64  # of a head


def make_models(folder, vocabulary, layers, heads):
    import torch
    from transformers import BertConfig, BertForMaskedLM, logging
    logging.disable_progress_bar()
    config = BertConfig(vocab_size=len(vocabulary), num_hidden_layers=layers, num_attention_heads=heads,
                        hidden_size=UNITS * heads, intermediate_size=4 * UNITS * heads)
    for seed, name in enumerate("ab"):
        torch.manual_seed(seed)
        model = BertForMaskedLM(config)
        model.save_pretrained(folder / name)
        (folder / name / "vocab.txt").write_text("\n".join(vocabulary) + "\n")


def published(folder, text, threads):
    """Runs in a process of its own, so that its peak memory is its own. Prints JSON."""
    import numpy as np
    import torch
    from scipy.optimize import linear_sum_assignment
    from transformers import BertForMaskedLM, BertTokenizerFast
    torch.set_num_threads(threads)
    start = time.time()
    models = [BertForMaskedLM.from_pretrained(folder / name).eval() for name in "ab"]
    tokenizer = BertTokenizerFast.from_pretrained(folder / "a")
    features = {}

    def keep(name, take):
        def hook(module, inputs, output):
            features.setdefault(name, []).append(inputs[0] if take == "input" else output)
        return hook

    for model in models:
        layers = model.bert.encoder.layer
        model.bert.embeddings.LayerNorm.register_forward_hook(keep("embeddings", "output"))
        for i, layer in enumerate(layers):
            layer.attention.output.dense.register_forward_hook(keep(f"{i}.attention", "input"))
            layer.attention.output.LayerNorm.register_forward_hook(keep(f"{i}.attention_norm", "output"))
            layer.output.dense.register_forward_hook(keep(f"{i}.ffn", "input"))
            layer.output.LayerNorm.register_forward_hook(keep(f"{i}.output_norm", "output"))
    lines = text.read_text().splitlines()
    products, sums, tokens = {}, {}, 0
    for begin in range(0, len(lines), 8):
        batch = tokenizer(lines[begin:begin + 8], padding=True, truncation=True, max_length=512,
                          return_tensors="pt")
        kept = batch["attention_mask"].flatten().bool()
        features.clear()
        with torch.no_grad():
            for model in models:
                model.bert(**batch)
        tokens += int(kept.sum())
        for name, (x, y) in features.items():
            both = torch.cat([x.flatten(0, 1)[kept], y.flatten(0, 1)[kept]], 1).T
            product, total = both @ both.T, both.sum(1)
            if name not in products:
                products[name] = product.double()
                sums[name] = total.double()
            else:
                products[name] += product
                sums[name] += total
    observed = time.time()

    covariances, correlations = {}, {}
    for name in list(products):
        mean = sums[name] / tokens
        covariances[name] = products.pop(name) / tokens - torch.outer(mean, mean)
    for name, covariance in covariances.items():  # both are kept, as in model_merger.py
        deviation = covariance.diagonal().sqrt()
        correlations[name] = covariance / torch.clamp(torch.outer(deviation, deviation), min=1e-7)

    def correlation(name):
        n = correlations[name].shape[0] // 2
        return torch.nan_to_num(correlations[name][:n, n:]).numpy()

    objective, heads = 0.0, models[0].config.num_attention_heads
    for i in range(models[0].config.num_hidden_layers):
        rho = correlation(f"{i}.ffn")
        rows, columns = linear_sum_assignment(rho, maximize=True)
        objective += rho[rows, columns].sum()
        rho = correlation(f"{i}.attention").reshape(heads, UNITS, heads, UNITS)
        values = np.zeros((heads, heads))
        for j in range(heads):
            for k in range(heads):
                rows, columns = linear_sum_assignment(rho[j, :, k], maximize=True)
                values[j, k] = rho[j, :, k][rows, columns].sum()
        rows, columns = linear_sum_assignment(values, maximize=True)
        objective += values[rows, columns].sum()
    rho = correlation("embeddings")
    rows, columns = linear_sum_assignment(rho, maximize=True)
    objective += rho[rows, columns].sum()
    done = time.time()
    print(json.dumps({"tokens": tokens, "seconds": done - start, "assignments": done - observed,
                      "objective": objective,
                      "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))


def ours(braid, folder, text, threads, precision):
    out = folder / "ab.alignment"
    start = time.time()
    process = subprocess.Popen([braid, "align", folder / "a", folder / "b", "--text", text, "-o", out, "--overwrite",
                                "--components", "ffn,attention,residual", "--qk", "shared", "--in-head", "permutation",
                                "--residual", "first", "--threads", str(threads),
                                "--precision", precision, "--json", folder / "ab.json"],
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.time() - start
    assert status == 0
    alignment = json.loads((folder / "ab.json").read_text())
    axes = alignment["axes"]
    solved = [axis for name, axis in axes.items() if name.split(".")[-1] in ("ffn", "attention", "x")]
    return {"tokens": alignment["text"]["tokens"], "seconds": seconds,
            "assignments": sum(axis["seconds"] for axis in solved) / threads,
            "objective": sum(axis["objective"] for axis in solved),
            "peak_gb": usage.ru_maxrss / 1e6}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("braid", nargs="?")
    parser.add_argument("--lines", type=int, nargs="+", default=[32, 128])
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--heads", type=int, default=12, help=f"of {UNITS} units each")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--published", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.published:
        return published(Path(options.published[0]), Path(options.published[1]), options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bible = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True)
        verses = [line.split(" ", 1)[1].strip() for line in bible.stdout.splitlines()]
        words = sorted({word for verse in verses for word in
                        "".join(c if c.isalpha() else f" {c} " for c in verse.lower()).split()})
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
        vocabulary += [f"[unused{i}]" for i in range(30522 - len(vocabulary))]
        make_models(folder, vocabulary, options.layers, options.heads)
        for lines in options.lines:
            text = folder / "text.txt"
            text.write_text("\n".join(verses[:: len(verses) // lines][:lines]) + "\n")
            compare(options, folder, text, lines)


def compare(options, folder, text, lines):
    rows = {}
    for precision in ("float32", "bfloat16"):
        rows[f"braid {precision}"] = ours(options.braid, folder, text, options.threads, precision)
    command = [sys.executable, "-W", "ignore", __file__, "--threads", str(options.threads),
               "--published", str(folder), str(text)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
                          env={**os.environ, "OMP_NUM_THREADS": str(options.threads)})
    reference = rows["published"] = json.loads(done.stdout.splitlines()[-1])
    print(f"{lines} lines, {reference['tokens']} tokens, {options.threads} threads, whole process from "
          "loading to alignment")
    print(f"{'':16} {'tokens/s':>9} {'seconds':>8} {'assign s':>9} {'peak GB':>8} {'speed x':>8} "
          f"{'memory x':>9} {'objective':>11}")
    for name, row in rows.items():
        print(f"{name:16} {row['tokens'] / row['seconds']:9.1f} {row['seconds']:8.1f} "
              f"{row['assignments']:9.2f} {row['peak_gb']:8.2f} "
              f"{reference['seconds'] / row['seconds']:8.1f} "
              f"{row['peak_gb'] / reference['peak_gb']:9.2f} {row['objective']:11.4f}", flush=True)
    found = rows["braid float32"]["objective"]
    if abs(found / reference["objective"] - 1) > 1e-5:
        sys.exit(f"objective {found}, the published way's is {reference['objective']}")


if __name__ == "__main__":
    main()
