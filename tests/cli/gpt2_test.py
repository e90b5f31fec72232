"""GPT-2 through the program: pretrain, evaluate, align, transform, merge, against Hugging Face.

usage: gpt2_test.py BRAID
"""

import json
import os
import pathlib
import random
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers

from program import braid, check, result

transformers.logging.set_verbosity_error()
CONFIG = {"model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 32, "initializer_range": .1,
          "tie_word_embeddings": False}
WORDS = {"the": "cat dog king sea", "cat": "saw ate", "dog": "saw ran", "king": "said ran", "sea": "rose fell",
         "saw": "the", "ate": "the", "ran": ". ,", "said": ". ,", "rose": ". ,", "fell": ". ,", ".": "the", ",": "the"}


def sentences(rng, count):
    word, text = "the", ""
    for _ in range(count):
        text += word if word in ".," or not text else " " + word
        if word == "." and rng.random() < .3:
            text += "\n"
        word = rng.choice(WORDS[word].split())
    return text


def tokenizer(folder, text):
    """Byte-level BPE in tokenizer.json, and what GPT-2's folders say beside it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.train_from_iterator([text], trainers.BpeTrainer(vocab_size=300, show_progress=False,
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.add_special_tokens([AddedToken("<|endoftext|>", normalized=True, special=True)])
    folder.mkdir()
    made.save(str(folder / "tokenizer.json"))


def logits(folder, ids):
    model = transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float64).eval()
    with torch.no_grad():
        return model(ids).logits


def main(place):
    rng = random.Random(1)
    text, valid, config = place / "text.txt", place / "valid.txt", place / "config.json"
    text.write_text(sentences(rng, 6000))
    valid.write_text(sentences(rng, 800))
    config.write_text(json.dumps(CONFIG))
    tokenizer(place / "tokenizer", text.read_text())
    pretrain = ["pretrain", "--config", config, "--vocab", place / "tokenizer", "--text", text, "--valid", valid,
                "--restrict-vocab", text, "--steps", 100, "--block", 16, "--batch-size", 16, "--learning-rate", 5e-3]
    for name, seed in (("a", 1), ("b", 2), ("a2", 1)):
        said = braid(*pretrain, "--seed", seed, "-o", place / name)
        check("best on" in said.stdout, f"pretrain says nothing of validation: {said.stdout}")
    a, b = place / "a", place / "b"
    check((a / "model.safetensors").read_bytes() == (place / "a2/model.safetensors").read_bytes(),
          "the same seed gave another model")

    # The loss is Hugging Face's, token by token.
    measured = result("evaluate", a, "--task", "clm", "--text", valid, "--block", 16)
    theirs = transformers.GPT2TokenizerFast.from_pretrained(a)
    ids = theirs(valid.read_text(), return_tensors="pt").input_ids[0]
    check(len(ids) - 1 == measured["scored"], f"{len(ids)} tokens, {measured['scored']} scored")
    total = 0.0
    for begin in range(0, len(ids) - 1, 16):
        block = ids[begin:begin + 17]
        scores = logits(a, block[None, :-1])[0].log_softmax(-1)
        total -= scores.gather(1, block[1:, None]).sum().item()
    check(abs(total / (len(ids) - 1) - measured["loss"]) < 1e-5, f"loss {measured['loss']}, theirs {total}")
    check(measured["loss"] < 1.6, f"nothing was learnt: {measured['loss']}")
    rows = torch.randint(0, 200, (4, 16), generator=torch.Generator().manual_seed(1))
    from safetensors.torch import save_file
    save_file({"input_ids": rows, "labels": rows.clone()}, place / "batches.safetensors")
    ready = result("evaluate", a, "--task", "clm", "--batches", place / "batches.safetensors")
    with torch.no_grad():
        expected = transformers.GPT2LMHeadModel.from_pretrained(a)(rows, labels=rows).loss.item()
        two = transformers.GPT2LMHeadModel.from_pretrained(a)(rows[:2], labels=rows[:2]).loss.item()
    check(abs(ready["loss"] - expected) < 1e-5, f"ready batches: {ready['loss']}, theirs {expected}")
    ready = result("evaluate", a, "--task", "clm", "--batches", place / "batches.safetensors", "--lines", 2)
    check(abs(ready["loss"] - two) < 1e-5, f"two rows of ready batches: {ready['loss']}, theirs {two}")
    refused = braid("evaluate", a, "--task", "mlm", "--text", valid, status=2)
    check("--task clm" in refused.stderr, f"mlm of GPT-2: {refused.stderr}")

    # Canonical form, plain and through an alignment: the same function to Hugging Face.
    braid("canonicalise", b, "-o", place / "canonical")
    largest = logits(b, rows).abs().max()
    gap = (logits(place / "canonical", rows) - logits(b, rows)).abs().max() / largest
    check(gap < 1e-5, f"the canonical form is another function: {gap}")
    braid("verify", b, place / "canonical")
    check(json.loads((place / "canonical/config.json").read_text())["tie_word_embeddings"] is False, "tied")
    plain = result("barrier", a, b, "--no-align", "--task", "clm", "--text", valid, "--block", 16, "--points", 5)
    for decoder in ("untied", "released-wrong-direction"):
        refused = braid("barrier", a, b, "--no-align", "--task", "clm", "--text", valid, "--decoder", decoder, status=2)
        check("decoder" in refused.stderr and "map::at" not in refused.stderr, f"{decoder}: {refused.stderr}")
    for name, options in {
            "activations": ["--text", text, "--preset", "paper"],
            "canonical activations": ["--text", text, "--canonicalise", "--in-head", "orthogonal", "--residual", "all"],
            "weights": ["--method", "weights", "--canonicalise", "--in-head", "orthogonal"],
            "learned": ["--method", "learned", "--start", "weights", "--canonicalise", "--in-head", "orthogonal",
                        "--text", text, "--steps", 60, "--learn-block", 16, "--learn-batch", 8]}.items():
        alignment, moved = place / f"{name}.alignment", place / f"{name} moved"
        braid("align", a, b, *options, "-o", alignment)
        braid("transform", b, "--alignment", alignment, "-o", moved)
        gap = (logits(moved, rows) - logits(b, rows)).abs().max() / largest
        check(gap < 1e-5, f"{name}: B' is not B: {gap}")
        curve = result("barrier", a, b, "--alignment", alignment, "--task", "clm", "--text", valid, "--block", 16,
                       "--points", 5)
        check(curve["exact"] and abs(curve["loss"][-1] - plain["loss_b"]) < 1e-4 and
              abs(curve["loss"][0] - plain["loss_a"]) < 1e-4, f"{name}: the ends moved: {curve}")
        print(f"{name}: barrier {curve['barrier']:.3f} (plain {plain['barrier']:.3f})")
    merged = result("merge", a, b, "--text", valid, "--canonicalise", "--in-head", "orthogonal", "-o", place / "merged")
    check(merged["proof"]["relative"] < 1e-8, f"merge: {merged['proof']}")
    transformers.GPT2LMHeadModel.from_pretrained(place / "merged")
    chosen = result("align", place / "canonical", a, "--text", text, "-o", place / "chosen.alignment")["options"]
    check(chosen["canonicalise"] is True and chosen["in_head"] == "orthogonal", f"the default for GPT-2: {chosen}")
    refused = braid("align", place / "canonical", a, "--text", text, "--no-canonicalise", "-o", place / "x", status=2)
    check("canonicalise" in refused.stderr, f"one canonical, one not: {refused.stderr}")


with tempfile.TemporaryDirectory() as folder:
    main(pathlib.Path(folder))
