"""The program as a person uses it, on the embedded models, with transformers as the judge.

Usage: cli_test.py BRAID EMBEDDED [PART...]. Ends with a nonzero status on the first failure.
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, BertForMaskedLM, BertForSequenceClassification

import program
from planted import planted
from program import BRAID, braid, check, result

transformers.logging.set_verbosity_error()
torch.manual_seed(0)
EMBEDDED = Path(sys.argv[2])
A, B = EMBEDDED / "bert-1", EMBEDDED / "bert-2"


def refuses(*arguments, says):
    """Exit 2, one line that says what is wrong, nothing new on disk."""
    before = sorted(scratch.iterdir())
    done = braid(*arguments, status=2)
    lines = [line for line in done.stderr.splitlines() if line.startswith("braid: ")]
    check(len(lines) == 1 and says in lines[0], f"{arguments}: {done.stderr!r} does not say {says!r}")
    check("Exception" not in done.stderr and "frame #" not in done.stderr, f"{arguments}: a stack trace")
    check(sorted(scratch.iterdir()) == before, f"{arguments}: left something behind")


def logits(folder, ids):
    model, info = BertForMaskedLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float64)
    for problem, keys in info.items():
        check(not keys, f"{folder}: transformers reports {problem}: {keys}")
    with torch.no_grad():
        return model.eval()(input_ids=ids).logits


def copy(source, name, change=lambda tensors: tensors, config=lambda c: c, legacy=False, vocabulary=None):
    folder = scratch / name
    folder.mkdir()
    tensors = change(load_file(source / "model.safetensors"))
    if legacy:
        old = {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
               for k, v in tensors.items()}
        old["cls.predictions.decoder.weight"] = old["bert.embeddings.word_embeddings.weight"]
        torch.save(old, folder / "pytorch_model.bin")
    else:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config(json.loads((source / "config.json").read_text()))))
    (folder / "vocab.txt").write_text(vocabulary or (source / "vocab.txt").read_text())
    return folder


def default_is_the_best(text, permuted):
    """Who types no option gets maps inside heads, is told so, and B' is B but for the rounding of BF16."""
    done = braid("align", A, B, "--text", text, "-o", scratch / "best.alignment")
    check("orthogonal maps inside heads" in done.stderr and "learned" in done.stderr, f"what was chosen: {done.stderr}")
    chosen = json.loads((scratch / "best.alignment").read_text())["options"]
    check((chosen["in_head"], chosen["canonicalise"]) == ("orthogonal", False), f"chosen: {chosen}")
    braid("transform", B, "--alignment", scratch / "best.alignment", "-o", scratch / "best")
    braid("verify", B, scratch / "best", "--text", text)
    wanted = logits(B, ids := torch.randint(5, 1024, (3, 40)))
    # Of all logits, not of the worst, whose share of the largest depends on the tokens drawn.
    gap = (logits(scratch / "best", ids) - wanted).norm() / wanted.norm()
    check(0 < gap < 2 ** -8, f"transformers: B' differs from B by {gap} of its logits")
    merged = result("merge", A, B, "--alignment", scratch / "best.alignment", "--text", text, "-o", scratch / "merged-best")
    check(merged["loss"]["merged"] < permuted["merged"], f"the default is not the best: {merged['loss']}, {permuted}")


def workflow(text):
    ab = scratch / "ab.alignment"
    permuted = ["--text", text, "--in-head", "permutation"]  # exact to the bit, in any dtype
    aligned = result("align", A, B, *permuted, "-o", ab)
    check(aligned["exact"] and aligned["axes"]["x"]["mean"] > 0.15, "align: nothing was matched")
    check(json.loads(ab.read_text()) == aligned, "align --json is not what the file holds")
    check(result("inspect", ab)["axes"] == aligned["axes"], "inspect shows another alignment")
    check(result("inspect", A)["axes"]["layer.0.qk"]["group"] == "general linear", "inspect CKPT")
    one = result("align", A, B, *permuted, "-o", scratch / "one", "--threads", 1)
    for both in (one, aligned):
        for axis in both["axes"].values():
            axis.pop("seconds")
    check(one["axes"] == aligned["axes"], "align depends on --threads")

    braid("transform", B, "--alignment", ab, "-o", scratch / "b2")
    braid("verify", B, scratch / "b2", "--text", text)
    braid("verify", B, scratch / "b2")
    braid("verify", A, scratch / "b2", status=1)
    merged = result("merge", A, B, *permuted, "-o", scratch / "merged")
    check(merged["loss"]["merged"] < merged["loss"]["plain"], f"merging did not help: {merged['loss']}")
    default_is_the_best(text, merged["loss"])
    ids = torch.randint(5, 1024, (3, 40))
    difference = (logits(B, ids) - logits(scratch / "b2", ids)).abs().max()
    check(difference < 1e-9, f"transformers: B' differs from B by {difference}")
    logits(scratch / "merged", ids)
    check(AutoTokenizer.from_pretrained(scratch / "merged")("the lord")["input_ids"]
          == AutoTokenizer.from_pretrained(A)("the lord")["input_ids"], "the tokenizer was not copied")
    braid("interpolate", A, scratch / "b2", "-o", scratch / "middle")
    middle, again = (load_file(scratch / name / "model.safetensors") for name in ("middle", "merged"))
    check(all(torch.equal(middle[k], again[k]) for k in middle), "interpolate and merge differ")
    check(all(v.dtype == torch.bfloat16 for v in again.values()), "the dtype was not kept")
    braid("merge", A, B, "--alignment", ab, "--t", 0.25, "--shard-size", "400KB", "-o", scratch / "sharded")
    check((scratch / "sharded" / "model.safetensors.index.json").exists(), "not sharded")
    logits(scratch / "sharded", ids)

    # More than two: a model beside itself in another frame averages to itself, but not without alignment.
    several = ["--text", text, "--method", "weights", "--simplex", 3, "--sweeps", 1]
    same = result("merge", B, scratch / "b2", B, *several, "--weights", "1,2,1", "--save-alignments", scratch / "frame",
                  "-o", scratch / "same")
    check(same["proof"]["relative"] < 1e-8 and [p["weight"] for p in same["parents"]] == [0.25, 0.5, 0.25], "parents")
    check(abs(same["loss"]["merged"] - same["loss"]["b"]) < 0.01 < same["loss"]["plain"] - same["loss"]["b"] - 0.05,
          f"the average of one model in three frames is another: {same['loss']}")
    check(len(same["simplex"]) == 6 and all(path["barrier"] < 0.01 for path in same["simplex"]), "simplex")
    braid("transform", B, "--alignment", scratch / "frame" / "c.alignment", "-o", scratch / "in-frame")
    braid("verify", B, scratch / "in-frame")
    three = result("merge", A, B, A, "--text", text, "-o", scratch / "three")
    check(three["loss"]["merged"] < three["loss"]["plain"], f"merging three did not help: {three['loss']}")
    logits(scratch / "three", ids)

    half = scratch / "half.txt"
    half.write_text("".join(text.read_text().splitlines(keepends=True)[::2]))
    for kind in ("rescale", "least-squares"):
        fitted = result("merge", A, B, "--text", text, "--dev", half, "--repair", kind, "--heal", 20, "--heal-learning-rate",
                        1e-3, "-o", scratch / kind)
        loss = fitted["loss"]
        check(loss["repaired"] < loss["aligned"] and loss["healed"] < loss["repaired"], f"{kind}: {loss}")
        check(fitted["healed"]["curve"][-1]["tokens"] == 20 * 32 * 64, "tokens that healed")
        check(loss["healed"] == loss["merged"], "what is written is the healed model")
    again = result("evaluate", scratch / "least-squares", "--text", half, "--evaluate-lines", 1000)
    check(abs(again["loss"] - loss["merged"]) < 1e-5, "merge measures something else than evaluate")

    score = ["--text", text, "--block", 48]
    curve = result("barrier", A, B, "--alignment", ab, *score, "--points", 3)
    plain = result("barrier", A, B, "--no-align", *score, "--points", 3)
    for key, folder in (("loss_a", A), ("loss_b", B)):
        loss = result("evaluate", folder, *score)["loss"]
        check(abs(loss - curve[key]) < 1e-6, f"{key} is not what evaluate measures")
    check(abs(curve["loss"][0] - curve["loss_a"]) < 1e-6, "t = 0 is not A")
    check(abs(curve["loss"][-1] - curve["loss_b"]) < 1e-4, "t = 1 is not B")
    check(curve["barrier"] < plain["barrier"], "alignment did not lower the barrier")
    released = result("barrier", A, B, "--alignment", ab, *score, "--points", 2, "--decoder", "released-wrong-direction")
    check(not released["exact"] and released["loss"][-1] > released["loss_b"] + 1, "released form is not flagged")
    spaced = result("evaluate", A, *score, "--character-spaced")
    check(spaced["tokens"] > result("evaluate", A, *score)["tokens"], "--character-spaced")


def variants(text):
    for options in (["--heads", "monotonic"], ["--qk", "separate"], ["--residual", "last"], ["--residual", "all"],
                    ["--correlation", "absolute"], ["--special-tokens", "drop"], ["--pool", "mean"],
                    ["--precision", "bfloat16"], ["--precision", "float64"], ["--batch-size", 3]):
        braid("align", A, B, "--text", text, "--lines", 40, "--components", "ffn,attention,residual", *options,
              "-o", scratch / "v.alignment", "--overwrite")
        braid("transform", B, "--alignment", scratch / "v.alignment", "-o", scratch / "v", "--overwrite")
        braid("verify", B, scratch / "v")
    for options in (["--heads", "ignore"], ["--residual", "separate", "--components", "residual"]):
        done = braid("align", A, B, "--text", text, "--lines", 40, *options, "-o", scratch / "v.alignment", "--overwrite")
        check("NOT a symmetry" in done.stdout and "NOT a symmetry" in done.stderr, f"{options}: not flagged")
        braid("transform", B, "--alignment", scratch / "v.alignment", "-o", scratch / "v", "--overwrite")
        braid("verify", B, scratch / "v", status=1)
    lines = text.read_text().splitlines(keepends=True)
    for name, part in (("p1", lines[:70]), ("p2", lines[70:])):
        (scratch / f"{name}.txt").write_text("".join(part))
        braid("align", A, B, "--text", scratch / f"{name}.txt", "--moments", scratch / name, "-o", scratch / "v.alignment", "--overwrite")
    parts = result("align", A, B, "--from-moments", scratch / "p1", scratch / "p2", "-o", scratch / "v.alignment", "--overwrite")
    whole = result("align", A, B, "--text", text, "-o", scratch / "v.alignment", "--overwrite")
    for name, axis in whole["axes"].items():
        check(abs(parts["axes"][name]["objective"] - axis["objective"]) < 1e-5 * abs(axis["objective"]),
              f"moments of two parts: {name}")
    braid("align", A, B, "--text", scratch / "p2.txt", "--moments", scratch / "last", "--residual", "last", "-o", scratch / "v.alignment",
          "--overwrite")
    out = ["-o", scratch / "v.alignment", "--overwrite"]
    refuses("align", A, B, "--from-moments", scratch / "p1", scratch / "last", *out, says="different taps")
    refuses("align", A, B, "--method", "weights", "--text", text, "--moments", scratch / "none", *out, says="weights observes nothing")
    refuses("align", A, B, "--method", "learned", "--from-moments", scratch / "p1", *out, says="learned learns on text")


def methods(text):
    """Beyond permutations: each method gives an exact alignment and an ordinary checkpoint."""
    ids = torch.randint(5, 200, (2, 20), generator=torch.Generator().manual_seed(4))
    wanted = logits(B, ids)
    heads = json.loads((A / "config.json").read_text())["num_attention_heads"]
    barriers = {}
    for method in ("activations", "weights", "both", "learned"):
        for maps in ("permutation", "orthogonal", "general"):
            if method == "learned" and maps != "general":
                continue
            name = f"{method}-{maps}"
            options = ["--method", method, "--in-head", maps]
            if method != "weights":
                options += ["--text", text]
            if method == "learned":
                options += ["--steps", 20, "--learn", "in-head,ffn", "--learn-batch", 8, "--seed", 3]
            file = scratch / f"{name}.alignment"
            braid("align", A, B, *options, "-o", file)
            axes = result("inspect", file)["axes"]
            check(axes["x"]["kind"] == "permutation", f"{name}: x is {axes['x']['kind']}")
            found = axes["layer.0.qk"]
            check(found["kind"] == ("permutation" if maps == "permutation" else "matrix"), f"{name}: {found['kind']}")
            if maps != "permutation":
                matrices = torch.tensor(found["matrix"], dtype=torch.float64)
                check(matrices.shape[0] == heads and matrices.shape[1] == matrices.shape[2], f"{name}: {matrices.shape}")
                worst = torch.linalg.cond(matrices).max().item()
                check(abs(found["condition"] / worst - 1) < 1e-6, f"{name}: condition {found['condition']}, {worst}")
                check(maps == "general" or worst < 1 + 1e-9, f"{name}: orthogonal maps of condition {worst}")
            braid("transform", B, "--alignment", file, "-o", scratch / "m", "--overwrite")
            braid("verify", B, scratch / "m", "--text", text)
            change = (logits(scratch / "m", ids) - wanted).abs().max() / wanted.abs().max()
            # Units that are mixed are rounded to the checkpoint's 16 bits; reordered ones are copied.
            check(change < (1e-9 if maps == "permutation" else 0.01), f"{name}: transformers' logits change by {change}")
            barriers[name] = result("barrier", A, B, "--alignment", file, "--text", text, "--points", 3)["barrier"]
    check(barriers["activations-orthogonal"] < barriers["activations-permutation"], f"in-head maps: {barriers}")
    check(barriers["learned-general"] < barriers["activations-general"], f"20 steps of learning: {barriers}")
    check(not list(scratch.glob("*.state.safetensors")), "learning left its state behind")
    merged = result("merge", A, B, "--method", "weights", "--in-head", "general", "-o", scratch / "merged-weights")
    check(merged["proof"]["relative"] < 1e-8, f"merge: B' is not B: {merged['proof']}")
    logits(scratch / "merged-weights", ids)
    refuses("align", A, B, "-o", scratch / "n", says="--method weights, which needs no text")
    refuses("align", A, B, "--method", "learned", "--text", text, "--learn", "noses", "-o", scratch / "n", says="noses")
    refuses("align", A, B, "--method", "learned", "--start", scratch / "none", "--text", text, "-o", scratch / "n",
            says="cannot be opened")
    refuses("align", A, B, "--text", text, "--in-head", "general", "--heads", "ignore", "-o", scratch / "n",
            says="stay inside heads")
    broken = json.loads((scratch / "weights-general.alignment").read_text())
    broken["axes"]["layer.0.qk"]["matrix"][0][0] = [0.0] * len(broken["axes"]["layer.0.qk"]["matrix"][0][0])
    (scratch / "singular.alignment").write_text(json.dumps(broken))
    refuses("transform", B, "--alignment", scratch / "singular.alignment", "-o", scratch / "n", says="layer.0.qk")


def planted_is_found(text):
    scrambled = copy(A, "scrambled", planted)
    braid("verify", A, scrambled)
    braid("align", A, scrambled, "--text", text, "-o", scratch / "planted.alignment")
    curve = result("barrier", A, scrambled, "--alignment", scratch / "planted.alignment", "--text", text,
                   "--precision", "float64", "--points", 5)
    check(curve["barrier"] < 1e-6, f"planted alignment: barrier {curve['barrier']}")
    twin = copy(B, "legacy", legacy=True)
    one = result("align", A, B, "--text", text, "-o", scratch / "v.alignment", "--overwrite")
    two = result("align", A, twin, "--text", text, "-o", scratch / "v.alignment", "--overwrite")
    check(one["b"]["fingerprint"] == two["b"]["fingerprint"], "pytorch_model.bin is another model than its twin")
    check(one["axes"]["x"]["indices"] == two["axes"]["x"]["indices"], "pytorch_model.bin aligns differently")


def classifiers(text):
    """Two encoders fine-tuned from one head, aligned on the task's training pairs, merged with their poolers."""
    lines = text.read_text().splitlines()
    rows = [(a, b, i % 2) for i, (a, b) in enumerate(zip(lines, lines[1:] if len(lines) % 2 else lines))]
    for name, part in (("train", rows[:96]), ("dev", rows[96:144])):
        header = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
        (scratch / f"{name}.tsv").write_text(
            header + "".join(f"{label}\t0\t0\t{a}\t{a if label else b[::-1]}\n" for a, b, label in part))
    train, dev = scratch / "train.tsv", scratch / "dev.tsv"
    for model, name in ((A, "c1"), (B, "c2")):
        done = result("finetune", model, "--task", "mrpc", "--data", train, "--dev", dev, "--epochs", 2, "--max-length", 64,
                      "--learning-rate", 1e-3, "--head-seed", 3, "-o", scratch / name)
        check(set(done["dev"]["metrics"]) == {"accuracy", "f1"}, "finetune's metrics")
    c1, c2 = scratch / "c1", scratch / "c2"
    task = ["--task", "mrpc", "--data", train]
    aligned = result("align", c1, c2, *task, "--max-length", 64, "-o", scratch / "c.alignment")
    check("pooled" in aligned["axes"] and aligned["text"]["task"] == "mrpc", "the pooler is not aligned")
    for pool in ("cls", "max", "mean"):
        braid("align", c1, c2, *task, "--pool", pool, "--lines", 40, "-o", scratch / "pooled.alignment", "--overwrite")
        braid("transform", c2, "--alignment", scratch / "pooled.alignment", "-o", scratch / "pooled", "--overwrite")
        braid("verify", c2, scratch / "pooled")
    curve = result("barrier", c1, c2, "--alignment", scratch / "c.alignment", "--task", "mrpc", "--data", dev,
                   "--max-length", 64, "--points", 5)
    check(len(curve["metrics"]["f1"]) == 5 and abs(curve["loss"][-1] - curve["loss_b"]) < 1e-5, "the classifiers' curve")
    merged = result("merge", c1, c2, *task, "--dev", dev, "--max-length", 64, "-o", scratch / "c-merged")
    check("accuracy" in merged["metrics"]["merged"], "merge measures no accuracy")
    score = result("evaluate", scratch / "c-merged", "--task", "mrpc", "--data", dev, "--max-length", 64)
    model, info = BertForSequenceClassification.from_pretrained(scratch / "c-merged", output_loading_info=True)
    check(not any(info.values()), f"transformers reports {info}")
    tokenizer = AutoTokenizer.from_pretrained(scratch / "c-merged")
    pairs = [line.split("\t") for line in dev.read_text().splitlines()[1:]]
    batch = tokenizer([p[3] for p in pairs], [p[4] for p in pairs], truncation="longest_first", max_length=64, padding=True,
                      return_tensors="pt")
    labels = torch.tensor([int(p[0]) for p in pairs])
    with torch.no_grad():
        outputs = model.eval()(**batch, labels=labels)
    check(abs(outputs.loss.item() - score["loss"]) < 1e-5, f"transformers' loss is {outputs.loss}, ours {score['loss']}")
    accuracy = (outputs.logits.argmax(1) == labels).double().mean().item()
    check(abs(accuracy - score["metrics"]["accuracy"]) < 1e-9, "accuracy is not what transformers' logits give")
    refuses("evaluate", A, "--task", "mrpc", "--data", dev, says="no classifier")
    refuses("evaluate", c1, "--task", "mnli", "--data", dev, says="gold_label")
    refuses("evaluate", c1, "--task", "sst2", says="--data FILE.tsv")
    refuses("align", c1, c2, "--task", "mrpc", "-o", scratch / "never", says="--task and --data")
    refuses("finetune", A, "--task", "cola", "--data", dev, "-o", scratch / "never", says="CoLA has: 0, 1")


def wrong_input(text):
    out = ["-o", scratch / "never"]
    refuses("inspect", scratch / "nowhere", says="nowhere")
    refuses("merge", A, scratch / "nowhere", "--text", text, *out, says="nowhere")
    refuses("merge", A, "--text", text, *out, says="at least two")
    refuses("merge", A, B, *out, says="--text")
    refuses("merge", A, B, "--text", scratch / "no.txt", *out, says="no.txt")
    refuses("merge", A, B, "--text", text, "-o", scratch / "merged", says="merged")
    refuses("merge", A, B, "--text", text, "--t", 2, *out, says="--t")
    refuses("merge", A, B, A, "--text", text, "--t", 0.5, *out, says="--weights")
    refuses("merge", A, B, A, "--text", text, "--weights", "1,1", *out, says="2 numbers for 3 checkpoints")
    refuses("merge", A, B, A, "--text", text, "--method", "learned", *out, says="two checkpoints, found 3")
    refuses("merge", A, B, A, "--alignment", scratch / "ab.alignment", *out, says="found 3")
    refuses("merge", A, B, "--method", "weights", "--repair", "rescale", *out, says="--repair reads --text")
    refuses("merge", A, B, "--text", text, "--heal", 5, *out, says="--dev")
    refuses("merge", A, B, "--text", text, "-o", scratch / "no" / "such", says="create it first")
    refuses("align", A, B, "--text", text, "--components", "foo", *out, says="'foo'")
    refuses("align", A, B, "--text", text, "--blocks", *out, says="WordPiece tokenizer ends sequences with")
    refuses("align", A, B, "--text", text, "--device", "cuda", *out, says="--device")
    refuses("align", A, B, "--text", text, "--components", "pooler", *out, says="pooler")
    refuses("barrier", A, B, "--no-align", "--text", text, "--points", 1, says="--points")
    refuses("frobnicate", says="")
    (scratch / "empty.txt").write_text("\n  \n")
    refuses("align", A, B, "--text", scratch / "empty.txt", *out, says="empty.txt")
    (scratch / "special.txt").write_text("[MASK] [SEP]\n")
    refuses("evaluate", A, "--text", scratch / "special.txt", says="no token was masked")
    ids = torch.full((2, 8), 5000)
    save_file({"input_ids": ids, "labels": ids.clone()}, scratch / "large.safetensors")
    refuses("evaluate", A, "--batches", scratch / "large.safetensors", says="token id 5000")
    smaller = copy(B, "smaller", lambda t: {k: v[:1000] if v.shape[0] == 1024 else v for k, v in t.items()},
                   lambda c: {**c, "vocab_size": 1000})
    refuses("merge", A, smaller, "--text", text, *out, says="has 1024 token rows")
    words = (B / "vocab.txt").read_text().splitlines()
    words[100] = "elsewhere"
    other = copy(B, "other-words", vocabulary="\n".join(words) + "\n")
    for how in (["--text", text], ["--no-align"], ["--method", "weights"]):
        refuses("merge", A, other, *how, *out, says="1 only in the first ('sa'), 1 only in the second ('elsewhere')")
    refuses("transform", A, "--alignment", scratch / "ab.alignment", *out, says="fingerprint")
    (scratch / "broken.alignment").write_text('{"format": "braid-alignment"')
    refuses("transform", B, "--alignment", scratch / "broken.alignment", *out, says="broken.alignment")
    cut = copy(B, "cut")
    whole = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(whole[:-100])
    refuses("evaluate", cut, "--text", text, says="model.safetensors")
    (cut / "model.safetensors").unlink()
    refuses("evaluate", cut, "--text", text, says="cut")
    missing = copy(B, "missing", lambda t: {k: v for k, v in t.items() if "layer.2.output.dense.bias" not in k})
    refuses("evaluate", missing, "--text", text, says="encoder.layer.2.output.dense.bias")
    stray = copy(B, "stray", lambda t: {**t, "bert.stray": torch.zeros(2)})
    refuses("evaluate", stray, "--text", text, says="stray")
    (cut / "config.json").write_text("{")
    refuses("inspect", cut, says="config.json")


def training(text):
    config = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
              "vocab_size": 200, "max_position_embeddings": 32}
    (scratch / "small.json").write_text(json.dumps(config))
    command = ["pretrain", "--config", scratch / "small.json", "--vocab", "train", "--text", text, "--steps", 200,
               "--seed", 1, "--block", 32, "--batch-size", 16, "--save-every", 50]
    braid(*command, "-o", scratch / "whole")
    state = scratch / "killed.state.safetensors"
    check(program.killed_at_rename(2, *command, "-o", scratch / "killed"), "saving every 50 steps renames no second file")
    check(state.exists(), "the killed run left no state")
    braid(*command, "-o", scratch / "killed", "--threads", 1)
    whole, killed = (load_file(scratch / name / "model.safetensors") for name in ("whole", "killed"))
    check(all(torch.equal(whole[k], killed[k]) for k in whole), "a killed run went on to another result")
    check(not state.exists(), "the state was left behind")
    logits(scratch / "whole", torch.randint(5, 200, (2, 20)))
    refuses(*command, "-o", scratch / "whole", says="exists and is not empty")


with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    sentences, bible = program.sentences(A / "vocab.txt", 160), Path("/usr/bin/bible")
    if bible.exists():
        verses = subprocess.run([bible, "-f", "joh1:1-8:59"], capture_output=True, text=True).stdout.splitlines()
        sentences = [verse.split(" ", 1)[1] for verse in verses if " " in verse][:160]
    text = scratch / "text.txt"
    text.write_text("\n".join(sentences) + "\n")
    parts = (workflow, variants, methods, planted_is_found, classifiers, wrong_input, training)
    for part in [p for p in parts if p.__name__ in (sys.argv[3:] or [p.__name__])]:
        start = time.time()
        part(text)
        print(f"{part.__name__}: {time.time() - start:.1f} s", flush=True)
print(f"{program.checks} checks passed")
