"""braid study as a person uses it: planned, run, killed, changed. Exits nonzero on the first failure.

Usage: study_test.py BRAID [PART...].
"""
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import program
from program import BRAID, braid, check


def study(name, *options, status=0):
    return braid("study", f"{name}.yaml", *options, status=status, cwd=scratch)


def write_texts():
    draw = random.Random(1)
    words = {k: v.split() for k, v in {
        "who": "the king|the child|a friend|my brother|the old man".replace(" ", "_").replace("|", " "),
        "good": "loved praised enjoyed admired", "bad": "hated blamed feared mocked",
        "what": "the play the book this song our house"}.items()}

    def sentence(mood):
        return " ".join([draw.choice(words["who"]), draw.choice(words[mood]), draw.choice(words["what"]),
                         draw.choice(words["what"])]).replace("_", " ")
    lines = [(sentence(mood), label) for _ in range(600) for label, mood in ((0, "bad"), (1, "good"))]
    (scratch / "text.txt").write_text("".join(f"{line}\n" for line, _ in lines))
    (scratch / "valid.txt").write_text("".join(f"{sentence(draw.choice(['good', 'bad']))}\n" for _ in range(60)))
    for name, part in (("train", lines[:400]), ("dev", lines[400:500])):
        rows = "".join(f"{line}\t{label}\n" for line, label in part)
        (scratch / f"{name}.tsv").write_text("sentence\tlabel\n" + rows)


STUDY = """
title: A small study
define: {steps: 100}
models:
  pretrain:
    config: {hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 48, vocab_size: 120,
             max_position_embeddings: 32, initializer_range: 0.1}
    text: text.txt
    steps: ${steps}
    batch-size: 8
    block: 24
    seeds: [1, 2, 3]
pairs: [["1", "2"], ["3", "1"]]
tasks:
  - {task: mlm, text: valid.txt, block: 24, align: {text: text.txt, max-length: 32}}
  - task: sst2
    data: dev.tsv
    max-length: 24
    finetune: {data: train.tsv, epochs: 8, learning-rate: 5e-3, batch-size: 16}
sizes: [20, 100]
points: 5
variants:
  - {name: vanilla, align: none, published: {mlm: [4.95, 0.38]}}
  - {name: paper, preset: paper}
  - {name: residual, preset: paper, components: residual, residual: separate}
  - {name: everything, preset: best, pool: none}
  - {name: weights, method: weights, in-head: orthogonal, canonicalise: true}
"""


def reads_and_refuses():
    plan = study("one", "-o", "planned", "--dry-run").stdout
    check("pretrain" in plan and "to do" in plan and not (scratch / "planned" / "results.json").exists(), "dry run")
    broken = [("steps: ${steps}", "steps: ${stepz}", "${stepz} is not defined"),
              ("points: 5", "point: 5", "'point' is not a known key"),
              ("preset: paper}", "preset: papre}", "'papre' is not one of"),
              ("text: valid.txt, block", "text: nowhere.txt, block", "nowhere.txt"),
              ('["3", "1"]', '["3", "9"]', "no model is named '9'"),
              ("seeds: [1, 2, 3]", "seeds: [1]", "at least two"),
              ("task: sst2", "task: sst3", "sst3"),
              ("method: weights", "method: learned", "which sst2 does not have"),
              ("method: weights", "method: learned, start: here", "'here' is not a method"),
              ("method: weights", "method: learned, learn: noses", "noses"),
              ("points: 5", "points: five", "is not an integer"),
              ("points: 5", "points: {five: 5}", "expected a single value"),
              ("points: 5", "points: [", "broken.yaml:"),
              ('["3", "1"]', '["3", "3"]', "'3' is paired with itself"),
              ('["3", "1"]', '["1", "2"]', "[1, 2] appears twice"),
              ("published: {mlm", "published: {mml", "published: "),
              ("mlm: [4.95, 0.38]", "mlm: [4.95, 0.38, 1]", "expected [mean, standard error]"),
              ("define: {steps: 100}", "define: {steps: [100]}", "steps is not a single value"),
              ("points: 5", "points: 5\npoints: 7", "'points' appears twice"),
              ("hidden_size: 32", "hidden_size: 32, hidden_size: 64", "broken.yaml:6: 'hidden_size' appears twice"),
              ("name: paper", "name: weights", "variants: 'weights' appears twice"),
              ("- task: sst2", "- {task: mlm, text: text.txt, align: {text: text.txt}}\n  - task: sst2", "'mlm' appears twice"),
              ("points: 5", "points: \udcff", "UTF-8"),
              ("points: 5", "points: 5 #" + "." * 70_000, "expected a study of at most 65536")]
    for old, new, says in broken:
        check(old in STUDY, f"the test's own {old}")
        (scratch / "broken.yaml").write_bytes(STUDY.replace(old, new, 1).encode(errors="surrogateescape"))
        done = study("broken", "-o", "broken", status=2)
        check(says in done.stderr, f"{new}: {done.stderr!r} does not say {says!r}")
    done = study("one", "-o", "planned", "--dry-run", "--set", "stepz=7", status=2)
    check("does not contain ${stepz}" in done.stderr, f"a value that nothing asks for: {done.stderr}")


def runs():
    study("one", "-o", "whole", "--set", "steps=100")
    results = json.loads((scratch / "whole" / "results.json").read_text())
    check(len(results["curves"]) == 2 * 2 * (1 + 4 * 2), "curves")
    for curve in results["curves"]:
        check(abs(curve["loss"][0] - curve["loss_a"]) < 1e-9, "t = 0 is not A")
        exact = curve["variant"] != "residual"
        check(curve["exact"] == exact, f"{curve['variant']}: exact is {curve['exact']}")
        check(not exact or curve["end_error"] < 1e-4, "t = 1 is not B")
        if curve["task"] == "sst2":
            check(len(curve["metrics"]["accuracy"]) == 5, "metrics along the path")
    row = next(r for r in results["summary"] if (r["task"], r["variant"], r["size"]) == ("mlm", "paper", 100))
    values = [c["barrier"] for c in results["curves"]
              if (c["task"], c["variant"], c["size"]) == ("mlm", "paper", 100)]
    mean = sum(values) / 2
    check(abs(row["barrier"]["mean"] - mean) < 1e-12, "mean over pairs")
    check(abs(row["barrier"]["error"] - abs(values[0] - values[1]) / 2) < 1e-12, "standard error over pairs")
    ends = [c["metrics_a"]["accuracy"] for c in results["curves"] if c["task"] == "sst2"]
    check(min(ends) > 0.9, f"the classifiers learnt nothing: {ends}")
    check((scratch / "whole" / "report.html").exists(), "no report")
    again = study("one", "-o", "whole", "--dry-run").stdout
    check("\n0 of " in again, f"something would be computed again: {again.splitlines()[-1]}")
    changed = STUDY.replace("residual: separate", "residual: last")
    (scratch / "changed.yaml").write_text(changed)
    plan = [line.split()[0] for line in study("changed", "-o", "whole", "--dry-run").stdout.splitlines()
            if " to do " in line]
    check(set(plan) == {"align", "curve", "moments"} or set(plan) == {"align", "curve"},
          f"a changed variant redoes {set(plan)}")
    check(plan.count("curve") == 8, "a changed variant redoes other curves")


CAUSAL = """
title: Next tokens
models:
  pretrain:
    config: {model_type: gpt2, n_embd: 32, n_layer: 2, n_head: 2, n_positions: 32, initializer_range: 0.1,
             tie_word_embeddings: false}
    vocab: bytes
    restrict-vocab: text.txt
    text: text.txt
    valid: valid.txt
    evaluate-every: 50
    steps: 150
    batch-size: 8
    block: 24
    learning-rate: 5e-3
    seeds: [1, 2]
tasks:
  - {task: clm, text: valid.txt, block: 24, align: {text: text.txt, max-length: 32, blocks: true}}
sizes: [100]
points: 5
variants:
  - {name: vanilla, align: none}
  - {name: activations}
  - {name: "activations, plain", canonicalise: false}
  - {name: weights, method: weights}
  - {name: learned, method: learned, start: weights, steps: 100, learn-block: 16, learn-batch: 8, learning-rate: 0.02}
"""


def next_tokens():
    plain = [c for c in range(256) if chr(c).isprintable() and c not in (32, 160, 173)]
    letters = {c: chr(c) for c in plain} | {c: chr(256 + i) for i, c in enumerate(c for c in range(256) if c not in plain)}
    (scratch / "bytes").mkdir()
    (scratch / "bytes" / "vocab.json").write_text(json.dumps({letters[c]: c for c in range(256)}))
    (scratch / "bytes" / "merges.txt").write_text("#version: 0.2\n")
    (scratch / "causal.yaml").write_text(CAUSAL)
    study("causal", "-o", "causal")
    curves = json.loads((scratch / "causal" / "results.json").read_text())["curves"]
    barrier = {curve["variant"]: curve["barrier_chord"] for curve in curves}
    check(all(curve["exact"] and curve["end_error"] < 1e-4 for curve in curves), "t = 1 is not B")
    check(len({round(curve["loss_a"], 4) for curve in curves}) == 1, "canonical forms have other losses")
    check(barrier["learned"] < barrier["weights"] < barrier["vanilla"], f"barriers {barrier}")
    check("\n0 of " in study("causal", "-o", "causal", "--dry-run").stdout, "something would be computed again")


FOLDERS = """
models: [{models}]
tasks:
  - {{task: clm, text: valid.txt, block: 24, align: {{text: text.txt, max-length: 32, blocks: true}}}}
sizes: [100]
points: 5
variants: [{variants}]
"""


def barriers(name, models, *variants):
    (scratch / f"{name}.yaml").write_text(FOLDERS.format(models=", ".join(models), variants=", ".join(variants)))
    study(name, "-o", name)
    curves = json.loads((scratch / name / "results.json").read_text())["curves"]
    check(all(curve["exact"] and curve["end_error"] < 1e-4 for curve in curves), f"{name}: t = 1 is not B")
    return {curve["variant"]: curve["barrier_chord"] for curve in curves}


def to_do(name):
    return [line.split()[0] for line in study(name, "-o", name, "--dry-run").stdout.splitlines() if " to do " in line]


def folders():
    """Of two GPT-2 folders: what each variant finds does not depend on which others stand beside it, and what is known
    of a folder is all that shapes its losses."""
    trained = sorted((scratch / "causal" / "cache" / "models").iterdir())
    for run, folder in zip(("1", "2"), trained):
        shutil.copytree(folder, scratch / "runs" / run / "final")
    models = ["runs/1/final/", "runs/2/final"]
    best, paper = "{name: best}", "{name: paper, preset: paper}"
    kept = "{name: plain, canonicalise: false, residual: first}"
    together = barriers("together", models, best, paper, kept)
    for variant in (best, paper, kept):
        alone = barriers("alone", models, variant)
        for name, barrier in alone.items():
            check(barrier == together[name], f"{name}: {barrier} alone, {together[name]} beside others")
    check([m["name"] for m in json.loads((scratch / "together" / "results.json").read_text())["models"]] ==
          ["1/final", "2/final"], "names of folders")
    check(not to_do("together"), "something would be computed again")
    settings = scratch / "runs" / "1" / "final" / "tokenizer_config.json"
    before = settings.read_text()
    settings.write_text(json.dumps({**json.loads(before), "add_prefix_space": True}))
    check(set(to_do("together")) == {"moments", "align", "curve"}, f"another tokenizer redoes {to_do('together')}")
    settings.write_text(before)
    check(not to_do("together"), "the first tokenizer again: something would be computed again")
    config = scratch / "runs" / "1" / "final" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "layer_norm_epsilon": 1e-3}))
    check("curve" in to_do("together"), "another configuration redoes nothing")


def reports_what_cannot_be_kept():
    """What fails after a job's work, or in the middle of it, is said; what is done stays."""
    plan = study("one", "-o", "full", "--dry-run").stdout
    key = next(line.split()[-1] for line in plan.splitlines() if line.startswith("vocabulary"))
    record = scratch / "full" / "cache" / "records" / f"{key}.json"
    record.mkdir(parents=True)
    said = study("one", "-o", "full", status=2).stderr
    check("vocabulary" in said and str(record.relative_to(scratch)) in said, f"of a record that cannot be written: {said}")
    record.rmdir()

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
    done = subprocess.run([BRAID, "study", "one.yaml", "-o", "full"], capture_output=True, text=True, cwd=scratch,
                          preexec_fn=small_files)
    check(done.returncode == 2 and "pretrain seed" in done.stderr and "File too large" in done.stderr,
          f"exit {done.returncode} where files cannot grow: {done.stderr}")
    left = [p.name for p in (scratch / "full" / "cache").rglob("*") if p.is_file() and ".partial-" in p.name]
    states = {line.split()[0]: " cached " in line for line in study("one", "-o", "full", "--dry-run").stdout.splitlines()}
    check(states["vocabulary"] and not states["pretrain"] and not left, f"after a full disk: {states}, {left}")


def survives_kills():
    """Killed in the place of the first file that it writes, then of the second, the fourth, ..., it goes on each time."""
    study("one", "-o", "whole")
    killed = 0
    while program.killed_at_rename(2**killed, "study", "one.yaml", "-o", "killed", cwd=scratch):
        killed += 1
    check(killed > 3, f"only {2**killed} files")
    study("one", "-o", "killed", "--threads", "1")
    one, two = (scratch / name / "results.json" for name in ("killed", "whole"))
    check(one.read_bytes() == two.read_bytes(), "a killed study has other results")
    left = [p for p in (scratch / "killed" / "cache").rglob("*") if ".partial-" in p.name or "state" in p.name]
    check(not left, f"left behind: {left}")
    print(f"killed {killed} times: the same results.json")


with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    write_texts()
    (scratch / "one.yaml").write_text(STUDY)
    for part in [p for p in (reads_and_refuses, runs, next_tokens, folders, reports_what_cannot_be_kept, survives_kills)
                 if p.__name__ in (sys.argv[2:] or [p.__name__])]:
        start = time.time()
        part()
        print(f"{part.__name__}: {time.time() - start:.1f} s", flush=True)
print(f"{program.checks} checks passed")
