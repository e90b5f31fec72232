"""Models of different vocabularies merged by the names of their tokens, against transformers.

Usage: vocabulary_test.py BRAID EMBEDDED. Ends with a nonzero status on the first failure.

B is A with its units in another order, its tokens in another one, some of them gone and others there in their place:
an alignment that finds the units again gives, by each vocabulary, a model that computes what the parents do.
"""
import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import program
from planted import planted
from program import braid, check, result

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
EMBEDDED = Path(sys.argv[2])
WORDS, BIAS = "bert.embeddings.word_embeddings.weight", "cls.predictions.bias"
PERMUTED = ["--in-head", "permutation"]
GONE, NEW = 24, [f"zq{chr(97 + i)}" for i in range(17)] + ["[E1]"]


def refuses(*arguments, says):
    done = braid(*arguments, status=2)
    check(says in done.stderr, f"{arguments}: {done.stderr!r} does not say {says!r}")


def write(folder, tensors, config, vocabulary, **settings):
    folder.mkdir()
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "float32", "vocab_size": len(vocabulary)}))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    saved = json.loads((EMBEDDED / "bert-1" / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**saved, **settings}))
    return folder


def parents():
    """A, and B as above; the text has words of both."""
    config = json.loads((EMBEDDED / "bert-1/config.json").read_text())
    vocabulary = (EMBEDDED / "bert-1/vocab.txt").read_text().split("\n")[:1024]
    tensors = {k: v.float() for k, v in load_file(EMBEDDED / "bert-1/model.safetensors").items()}
    a = write(scratch / "a", tensors, config, vocabulary)
    rng = random.Random(0)
    torch.manual_seed(1)
    kept = rng.sample(range(5, 1024), 1024 - 5 - GONE)
    names = [vocabulary[i] for i in range(5)] + [vocabulary[i] for i in kept] + NEW
    moved = planted(tensors)
    rows = list(range(5)) + kept
    moved[WORDS] = torch.cat([moved[WORDS][rows], 0.1 * torch.randn(len(NEW), 128)])
    moved[BIAS] = torch.cat([moved[BIAS][rows], torch.full([len(NEW)], -9.0)])
    b = write(scratch / "b", moved, config, names, additional_special_tokens=["[E1]"])
    lines = program.sentences(a / "vocab.txt", 400)
    (scratch / "text.txt").write_text("\n".join(f"{line} {rng.choice(NEW)}" for line in lines) + "\n")
    return a, b, vocabulary, names


def logits(folder, names, tokens):
    """Of these tokens, the vocabulary's columns by name; transformers', in float64."""
    ids = torch.tensor([[names.index(token) for token in line] for line in tokens])
    model = transformers.AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float64).eval()
    with torch.no_grad():
        return dict(zip(names, model(ids).logits.movedim(-1, 0)))


def computes_the_same(folder, names, parent, parents_names, what):
    rng = random.Random(2)
    tokens = [rng.choices(parents_names, k=20) for _ in range(4)]
    found, wanted = logits(folder, names, tokens), logits(parent, parents_names, tokens)
    scale = max(x.abs().max() for x in wanted.values())
    gap = max((found[name] - x).abs().max() for name, x in wanted.items()) / scale
    check(gap < 1e-5, f"{what}: transformers' logits differ from the parent's by {gap} of the largest")


def by_each_vocabulary(a, b, vocabulary, names):
    union = vocabulary + [name for name in names if name not in vocabulary]
    lacks = {"a": (0, GONE), "b": (len(NEW), 0), "union": (len(NEW), GONE)}
    text = scratch / "text.txt"
    for which, expected in (("a", vocabulary), ("b", names), ("union", union)):
        out = scratch / f"by-{which}"
        made = result("merge", a, b, "--text", text, "--vocabulary", which, *PERMUTED, "-o", out)
        check(tuple(p["tokens_of_others"] for p in made["parents"]) == lacks[which], f"{which}: {made['parents']}")
        check(made["proof"]["relative"] < 1e-8, f"{which}: B' is not B: {made['proof']}")
        tokenizer = transformers.AutoTokenizer.from_pretrained(out)
        check(tokenizer.convert_ids_to_tokens(range(len(expected))) == expected, f"{which}: other tokens were written")
        check(json.loads((out / "config.json").read_text())["vocab_size"] == len(expected), f"{which}: vocab_size")
        if which != "b":
            computes_the_same(out, expected, a, vocabulary, f"{which}, A")
        if which != "a":
            computes_the_same(out, expected, b, names, f"{which}, B")
        # What is written says of itself what was measured, so its tokenizer reads as the merge did.
        again = result("evaluate", out, "--text", text, "--lines", 1000)
        check(abs(again["loss"] - made["loss"]["merged"]) < 1e-5, f"{which}: {again['loss']}, {made['loss']}")
        aligned = "aligned average" in (out / "README.md").read_text()
        check(aligned and f"--vocabulary {which}" in (out / "README.md").read_text(), f"{which}: the card")
    special = transformers.AutoTokenizer.from_pretrained(scratch / "by-union")("the [E1] zqa")["input_ids"]
    check(special == [2, union.index("the"), union.index("[E1]"), union.index("zqa"), 3], f"added token: {special}")
    three = result("merge", a, b, a, "--text", text, "--vocabulary", "union", *PERMUTED, "--weights", "1,2,1",
                   "--sweeps", 1, "-o", scratch / "three")
    check([p["tokens_of_others"] for p in three["parents"]] == [len(NEW), GONE, len(NEW)], f"three: {three['parents']}")
    computes_the_same(scratch / "three", union, b, names, "three, B")
    for end, parent, of in ((0, a, vocabulary), (1, b, names)):
        braid("merge", a, b, "--text", text, "--vocabulary", "union", "--t", end, "-o", scratch / f"end{end}")
        computes_the_same(scratch / f"end{end}", union, parent, of, f"t {end}")
    data_free = result("merge", a, b, "--method", "weights", "--vocabulary", "a", *PERMUTED,
                       "-o", scratch / "free")
    check(data_free["proof"]["relative"] < 1e-8, f"weights: {data_free['proof']}")
    computes_the_same(scratch / "free", vocabulary, a, vocabulary, "weights, A")


def what_cannot_be(a, b):
    text, out = scratch / "text.txt", ["-o", scratch / "none"]
    for command in (["merge", a, b, "--text", text, *out], ["merge", a, b, "--no-align", *out],
                    ["barrier", a, b, "--no-align", "--text", text], ["align", a, b, "--text", text, *out]):
        refuses(*command, says="vocabular")
    refuses("merge", a, b, "--text", text, "--vocabulary", "c", *out, says="union or a model, a to b")
    refuses("merge", a, b, "--text", text, "--vocabulary", "both", *out, says="expected union")
    refuses("merge", a, b, "--batches", text, "--vocabulary", "a", *out, says="token ids of one vocabulary")
    cased = shutil.copytree(b, scratch / "cased")
    settings = json.loads((cased / "tokenizer_config.json").read_text())
    (cased / "tokenizer_config.json").write_text(json.dumps({**settings, "do_lower_case": False}))
    refuses("merge", a, cased, "--text", text, "--vocabulary", "union", *out, says="read text differently")
    nameless = shutil.copytree(b, scratch / "nameless", ignore=lambda *_: ["vocab.txt", "tokenizer_config.json"])
    refuses("merge", a, nameless, "--no-align", "--vocabulary", "a", *out, says="no tokenizer here")
    check(not (scratch / "none").exists(), "a refused merge wrote something")


def gpt2(name, text, seed):
    """Two tokenizers learnt from other text, and rows of tokens."""
    folder = scratch / name
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.train_from_iterator([text], trainers.BpeTrainer(vocab_size=280, show_progress=False,
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.add_special_tokens(["<|endoftext|>"])
    torch.manual_seed(seed)
    config = transformers.GPT2Config(n_embd=24, n_layer=2, n_head=2, n_positions=32, vocab_size=made.get_vocab_size(),
                                     bos_token_id=made.get_vocab_size() - 1, eos_token_id=made.get_vocab_size() - 1)
    model = transformers.GPT2LMHeadModel(config)
    model.save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    return folder, model.double().eval()


def byte_level():
    """By B's tokens with all of B's share, a merged model is B."""
    text = (scratch / "text.txt").read_text()
    (a, _), (b, model) = gpt2("g1", text[:3000], 1), gpt2("g2", "".join(reversed(text[:3000])), 2)
    result("merge", a, b, "--text", scratch / "text.txt", "--vocabulary", "b", "--t", 1, "--lines", 50,
           "--evaluate-lines", 20, "-o", scratch / "g")
    config = json.loads((scratch / "g/config.json").read_text())
    check(config["eos_token_id"] == config["vocab_size"] - 1, f"B's own tokens: {config}")
    ids = transformers.AutoTokenizer.from_pretrained(scratch / "g")(text[:60], return_tensors="pt")["input_ids"][:, :32]
    check(ids.tolist()[0] == Tokenizer.from_file(str(b / "tokenizer.json")).encode(text[:60]).ids[:32], "B's tokenizer")
    merged = transformers.GPT2LMHeadModel.from_pretrained(scratch / "g", dtype=torch.float64).eval()
    with torch.no_grad():
        wanted, found = model(ids).logits, merged(ids).logits
    gap = ((wanted - found).abs().max() / wanted.abs().max()).item()
    check(gap < 1e-5, f"transformers: the end B differs from B by {gap} of its largest")
    refuses("merge", a, b, "--text", scratch / "text.txt", "--vocabulary", "union", "-o", scratch / "no",
            says="byte-level BPE vocabulary cannot be united")


with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    made = parents()
    by_each_vocabulary(*made)
    what_cannot_be(*made[:2])
    byte_level()
print(f"{program.checks} checks")
