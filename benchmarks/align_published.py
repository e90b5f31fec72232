"""Observe and align two BERT-base-size models: braid against the published way, in one run.

The published way (method.md): batches of 8 lines, a PyTorch forward of each model, at every tap the
full 2d x 2d product of both models' features in float32 added into float64, then SciPy's assignments.
Same weights (random), same text, same threads. Usage: align_published.py BRAID [--lines N]
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


def make_models(folder, vocabulary):
    import torch
    from transformers import BertConfig, BertForMaskedLM
    for seed, name in enumerate("ab"):
        torch.manual_seed(seed)
        model = BertForMaskedLM(BertConfig(vocab_size=len(vocabulary)))
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
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "a" / "vocab.txt"))
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

    def correlation(name):
        n = sums[name].numel() // 2
        mean = sums[name] / tokens
        covariance = products[name] / tokens - torch.outer(mean, mean)
        deviation = covariance.diagonal().sqrt()
        rho = covariance / torch.clamp(torch.outer(deviation, deviation), min=1e-7)
        return torch.nan_to_num(rho[:n, n:]).numpy()

    objective = 0.0
    for i in range(12):
        rho = correlation(f"{i}.ffn")
        rows, columns = linear_sum_assignment(rho, maximize=True)
        objective += rho[rows, columns].sum()
        rho = correlation(f"{i}.attention").reshape(12, 64, 12, 64)
        values = np.zeros((12, 12))
        for j in range(12):
            for k in range(12):
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
    process = subprocess.Popen([braid, "align", folder / "a", folder / "b", "--text", text, "-o", out,
                                "--components", "ffn,attention,residual", "--qk", "shared",
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
    parser.add_argument("--lines", type=int, default=128)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--published", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.published:
        return published(Path(options.published[0]), Path(options.published[1]), options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bible = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True)
        verses = [line.split(" ", 1)[1].strip() for line in bible.stdout.splitlines()]
        text = folder / "text.txt"
        text.write_text("\n".join(verses[:: len(verses) // options.lines][:options.lines]) + "\n")
        words = sorted({word for verse in verses for word in
                        "".join(c if c.isalpha() else f" {c} " for c in verse.lower()).split()})
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
        vocabulary += [f"[unused{i}]" for i in range(30522 - len(vocabulary))]
        make_models(folder, vocabulary)
        rows = {}
        for precision in ("float32", "bfloat16"):
            rows[f"braid {precision}"] = ours(options.braid, folder, text, options.threads, precision)
        command = [sys.executable, __file__, "--threads", str(options.threads), "--published", name, str(text)]
        done = subprocess.run(command, capture_output=True, text=True, check=True,
                              env={**os.environ, "OMP_NUM_THREADS": str(options.threads)})
        rows["published"] = json.loads(done.stdout.splitlines()[-1])
    reference = rows["published"]
    print(f"{options.lines} lines, {reference['tokens']} tokens, {options.threads} threads, whole "
          "process from loading to alignment")
    print(f"{'':16} {'tokens/s':>9} {'seconds':>8} {'assign s':>9} {'peak GB':>8} {'speed x':>8} "
          f"{'memory x':>9} {'objective':>11}")
    for name, row in rows.items():
        print(f"{name:16} {row['tokens'] / row['seconds']:9.1f} {row['seconds']:8.1f} "
              f"{row['assignments']:9.2f} {row['peak_gb']:8.2f} "
              f"{reference['seconds'] / row['seconds']:8.1f} "
              f"{row['peak_gb'] / reference['peak_gb']:9.2f} {row['objective']:11.4f}")


if __name__ == "__main__":
    main()
