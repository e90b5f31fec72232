"""Compares what braid makes of a folder's tokenizer files with transformers' AutoTokenizer: the same ids, or refused.

usage: tokenizer_differential.py ENCODE_LINES [--folders N] [--seed N] [--keep FOLDER]

Folders are drawn: the files of BERT's or GPT-2's tokenizer, older or newer, under a class that they name or not,
with a few changes each (tokenizer_folders.py). Every one is read by both, and some awkward texts are encoded, alone and
in pairs; the tokens by id and the special ones are compared too. Prints a table. Status 1 where anything differs,
where only transformers refuses a folder, or where braid alone does so for a reason that is not in REFUSALS.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tokenizer_folders
from tokenizer_folders import TEXTS

transformers.logging.set_verbosity_error()

# What braid refuses on purpose although transformers reads it: name, and what the message says.
REFUSALS = {
    "a class that is not known": r"tokenizer_class is '|the tokenizer of model_type",
    "no vocabulary of the class": r"is not there; |has no (vocabulary|tokenizer)|needs a tokenizer.json",
    "another model than the class's": r"expected a (WordPiece|BPE) model",
    "another pipeline, as written":
        r"expected (the|no) (normalizer|pre_tokenizer|post_processor)|post_processor's id|model\.\w+ is",
    "no piece for unknown words": r"the token for unknown words|(unk|cls|sep)_token is null",
    "an empty name": r"_token is empty",
    "added tokens that normalise alike or away": r"after normalisation",
    "extra tokens that are no list": r"expected extra_special_tokens to be a list",
    "equal keys or ids": r"have the same id|is there twice in one object|small whole number",
    "a byte without a token": r"byte '.*' is no token",
    "code, or settings that change the text":
        r"auto_map|split_special_tokens|truncation_side|add_[be]os_token|fast_tokenizer_files|which is not supported",
    "a vocabulary of another kind": r"of a kind that is not known here",
}


def theirs(path, pairs):
    """What transformers makes of the folder, or the error."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    vocabulary = collections.defaultdict(set)
    for token, i in tokenizer.get_vocab().items():
        vocabulary[i].add(token)
    answers = [" ".join(map(str, tokenizer(text)["input_ids"])) for text in TEXTS]
    for a, b in pairs:
        both = tokenizer(a, b, return_token_type_ids=True)
        answers.append(" ".join(map(str, both["input_ids"])) + " | " + " ".join(map(str, both["token_type_ids"])))
    return answers, sorted(set(tokenizer.all_special_ids)), tokenizer.mask_token_id, vocabulary


def ours(program, path, pairs):
    requests = (
        [["sequence", text, 10**6] for text in TEXTS] + [["pair", a, b, 10**6] for a, b in pairs] + [["tokens", ""]])
    done = subprocess.run(
        [program, path], input="".join(json.dumps(r) + "\n" for r in requests).encode(), capture_output=True)
    if done.returncode:
        return None, done.stderr.decode(errors="replace").strip()
    *answers, tokens = done.stdout.decode().split("\n")[:-1]
    return answers, json.loads(tokens)


def difference(expected, found):
    """Where they differ, in words; empty: nowhere."""
    answers, special, mask, vocabulary = expected
    ids, table = found
    for what, a, b in zip(TEXTS + ["a pair"] * len(answers), answers, ids):
        if a != b:
            return f"{what!r}\n    transformers {a}\n    braid        {b}"
    if special != table["special"] or mask != table["mask"]:
        return f"special {special}, mask {mask}; braid {table['special']}, {table['mask']}"
    for i, token in enumerate(table["tokens"]):
        if token not in (vocabulary.get(i) or {""}):
            return f"id {i} is {vocabulary.get(i)}; braid {token!r}"
    return ("" if max(vocabulary, default=-1) < len(table["tokens"])
        else f"{max(vocabulary)} and more; braid has {len(table['tokens'])}")


def judge(program, path, pairs):
    try:
        expected = theirs(path, pairs)
    except Exception as error:  # whatever they raise
        expected, reason = None, f"{type(error).__name__}: {error}"
    found = ours(program, path, pairs)
    if found[0] is None:
        if "terminate" in found[1] or not found[1].startswith(str(path)):
            return "DIFFER", f"an error that does not name the folder: {found[1]}"
        if expected is None:
            return "both refuse", found[1]
        for name, pattern in REFUSALS.items():
            if re.search(pattern, found[1]):
                return "braid refuses", name
        return "DIFFER", f"braid refuses: {found[1]}"
    if expected is None:
        return "DIFFER", f"only transformers refuses: {reason[:300]}"
    wrong = difference(expected, found)
    return ("DIFFER", wrong) if wrong else ("same", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--folders", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="where folders go that differ")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    table, reasons, wrong = collections.Counter(), collections.Counter(), 0
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        tokenizer_folders.learn_both(scratch)
        for number in range(options.folders):
            kind = ("BERT", "GPT-2")[number % 2]
            form, folder = tokenizer_folders.draw(rng, kind)
            path = scratch / str(number)
            folder.write(path)
            pairs = ([(TEXTS[2], TEXTS[6]), (TEXTS[8], TEXTS[9])] if kind == "BERT"
                and "GPT2" not in str(folder.files.get("tokenizer_config.json")) + str(folder.files["config.json"])
                else [])
            verdict, reason = judge(options.program, path, pairs)
            table[kind, form, verdict] += 1
            if verdict == "braid refuses":
                reasons[reason] += 1
            if verdict == "DIFFER":
                wrong += 1
                print(f"{number}: {kind}, {form}, {', '.join(folder.changes)}: {reason}")
                if options.keep:
                    shutil.copytree(path, options.keep / str(number), dirs_exist_ok=True)
            shutil.rmtree(path)
    verdicts = ["same", "both refuse", "braid refuses", "DIFFER"]
    print(f"{'folders':24}" + "".join(f"{v:>15}" for v in verdicts))
    for kind, form in sorted({key[:2] for key in table}):
        print(f"{kind + ', ' + form:24}" + "".join(f"{table[kind, form, v]:15}" for v in verdicts))
    print("refused by braid alone:")
    for reason, count in reasons.most_common():
        print(f"{count:5}  {reason}")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
