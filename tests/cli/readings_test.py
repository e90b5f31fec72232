"""Pairs of models with the same tokens, whose tokenizers may read a text otherwise: the same ids by transformers, or
refused by every command that shares a text between the two.

Usage: readings_test.py BRAID. Ends with a nonzero status on the first failure.
"""
import json
import os
import shutil
import string
import sys
import tempfile
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

import program
from program import braid, check

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = list(string.ascii_letters + "é")
PIECES = [*MARKS, "<e>", *LETTERS, *("##" + c for c in LETTERS), *"中文.,!?"]
LINES = 4 * ["River Stone café", "letter  garden<e> window <e>x", "[MASK] silver 中文 cafe\u0301", "a, b! C?", " x"]


def bert(name, seed, **settings):
    folder = scratch / name
    torch.manual_seed(seed)
    config = transformers.BertConfig(vocab_size=len(PIECES), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                                     intermediate_size=24, max_position_embeddings=64)
    transformers.BertForMaskedLM(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **settings}))
    return folder


def resaved(folder, name):
    """The same tokenizer, as transformers writes it."""
    copy = shutil.copytree(folder, scratch / name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(copy)
    for file in ("vocab.txt", "tokenizer_config.json"):
        (copy / file).unlink()
    tokenizer.save_pretrained(copy)
    return copy


def byte_level(name, seed, change=lambda tokenizer: None):
    """A byte-level BPE read as its tokenizer.json is written."""
    folder = scratch / name
    torch.manual_seed(seed)
    config = transformers.GPT2Config(vocab_size=260, n_embd=16, n_layer=1, n_head=2, n_positions=64, bos_token_id=0,
                                     eos_token_id=0)
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<|end|>", *alphabet, "Ġx", "ab"])}
    made = Tokenizer(models.BPE(vocabulary, [("Ġ", "x"), ("a", "b")]))
    made.add_special_tokens(["<|end|>"])
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    change(made)
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>"}))
    return folder


def set_part(part, value):
    return lambda tokenizer: setattr(tokenizer, part, value)


def ids(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return [tokenizer(line)["input_ids"] for line in LINES]


def pair(a, b, task, every_command=False):
    """Are they read as one? Not where their ids differ: then commands refuse, and name the tokenizers."""
    equal, out, answers = ids(a) == ids(b), scratch / "out", set()
    commands = [["barrier", a, b, "--no-align", "--task", task, "--text", text, "--points", 2]]
    if every_command:
        commands += [["align", a, b, "--text", text, "-o", out], ["merge", a, b, "--text", text, "-o", out],
                     ["interpolate", a, b, "-o", out], ["verify", a, b, "--text", text]]
    for command in commands:
        done = program.subprocess.run([program.BRAID, *map(str, command)], capture_output=True, text=True)
        refused = done.returncode == 2 and "tokenizers of" in done.stderr
        what = f"{command[0]} {a.name} {b.name}: ids are {'the same' if equal else 'others'}: {done.stderr[-300:]}"
        check((refused or equal) and (refused or done.returncode in (0, 1)), what)
        answers.add(refused)
        shutil.rmtree(out, ignore_errors=True)
        out.unlink(missing_ok=True)
    check(len(answers) == 1, f"{a.name} {b.name}: some commands refuse, and others do not")
    return answers == {False}


def main():
    a = bert("plain", 1)
    added = {str(PIECES.index("<e>")): {"content": "<e>", "special": False}}
    tokens = bert("added", 1, added_tokens_decoder=added)
    others = {
        "cased": {"do_lower_case": False}, "accents": {"strip_accents": False}, "stated": {"do_lower_case": True},
        "chinese": {"tokenize_chinese_chars": False}, "added": {"added_tokens_decoder": added},
        "unk": {"unk_token": "[PAD]"}}
    same = {name for name, settings in others.items()
            if pair(a, bert(f"b-{name}", 2, **settings), "mlm", name == "cased")}
    check(same == {"stated"}, f"the same: {same}")
    for flag in ("lstrip", "rstrip", "single_word", "normalized"):
        pair(tokens, bert(f"b-{flag}", 2, added_tokens_decoder={k: v | {flag: True} for k, v in added.items()}), "mlm")
    check(pair(a, resaved(bert("c", 2), "c-resaved"), "mlm"), "vocab.txt and tokenizer.json of one tokenizer")
    g = byte_level("g", 1)
    changes = {
        "same": lambda tokenizer: None, "one": set_part("pre_tokenizer", pre_tokenizers.Sequence(
            [pre_tokenizers.ByteLevel(add_prefix_space=False)])),
        "offsets": set_part("post_processor", processors.ByteLevel(trim_offsets=False)),
        "space": set_part("pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=True)),
        "whole": set_part("pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)),
        "nfc": set_part("normalizer", normalizers.NFC()), "lower": set_part("normalizer", normalizers.Lowercase()),
        "end": set_part("post_processor", processors.TemplateProcessing("$A <|end|>", special_tokens=[("<|end|>", 0)])),
        "merges": set_part("model", models.BPE(json.loads(Tokenizer.from_file(str(g / "tokenizer.json")).to_str())
                                               ["model"]["vocab"], [("Ġ", "x")]))}
    same = {name for name, change in changes.items()
            if pair(g, byte_level(f"h-{name}", 2, change), "clm", name == "space")}
    check(same == {"same", "one", "offsets"}, f"the same: {same}")


with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    text = scratch / "text.txt"
    text.write_text("\n".join(LINES) + "\n")
    main()
print(f"{program.checks} checks")
