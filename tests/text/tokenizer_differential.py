"""Compares what braid makes of a folder's tokenizer files with transformers' AutoTokenizer: the same ids, or refused.

usage: tokenizer_differential.py ENCODE_LINES [--folders N] [--seed N] [--keep FOLDER]

Folders are drawn: the files of BERT's or GPT-2's tokenizer, older or newer, under a class that they name or not,
with a few changes each (tokenizer_folders.py), and those of other families (family_folders.py). Every one is read by both, and some awkward texts are encoded, alone and
in pairs; the tokens by id and the special ones are compared too. Prints a table. Status 1 where anything differs,
where only transformers refuses a folder, or where braid alone does so for a reason that is not in REFUSALS.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
import transformers

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
import folder_differential
import family_folders
import tokenizer_folders
from tokenizer_folders import TEXTS

transformers.logging.set_verbosity_error()

# What braid refuses on purpose although transformers reads it: name, and what the message says.
REFUSALS = {
    "a class that is not known": r"tokenizer_class is '|the tokenizer of model_type",
    "no vocabulary of the class": r"does not exist; |has no (vocabulary|tokenizer)|needs a tokenizer.json",
    "another model than the class's": r"expected a (WordPiece|BPE) model",
    "another pipeline, as written":
        r"expected (the|no) (normalizer|pre_tokenizer|post_processor)|post_processor's id|model\.\w+ is|is not supported",
    "no piece for unknown words": r"unk_token '.*' is not one of|(unk|cls|sep)_token is null",
    "an empty name": r"_token is empty",
    "an option that is neither true nor false": r"to be true or false",
    "a mark that means something else in a template": r"have special meanings in a post_processor",
    "added tokens that normalise alike or away": r"after normalisation",
    "extra tokens that are no list": r"expected extra_special_tokens to be a list",
    "equal keys or ids": r"have the same id|is there twice in one object|an integer from 0 to",
    "a byte without a token": r"byte '.*' is no token",
    "code, or settings that change the text":
        r"auto_map|split_special_tokens|truncation_side|add_[be]os_token|fast_tokenizer_files|which is not supported",
    "a vocabulary of another kind": r"of this kind are not supported",
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


def judge(program, folder, path, _):
    pairs = [(TEXTS[2], TEXTS[6]), (TEXTS[8], TEXTS[9])]
    try:
        expected = theirs(path, pairs)
    except Exception as error:  # whatever they raise
        expected, reason = None, f"{type(error).__name__}: {error}"
    found = ours(program, path, pairs)
    if found[0] is None:
        if "no template for pairs of texts" in found[1]:
            return "braid refuses", "pairs that have other marks than a text"
        if "terminate" in found[1] or not found[1].startswith(str(path)):
            return "DIFFER", f"an error that does not name the folder: {found[1]}"
        if expected is None:
            return "both refuse", ""
        for name, pattern in REFUSALS.items():
            if re.search(pattern, found[1]):
                return "braid refuses", name
        return "DIFFER", f"braid refuses: {found[1]}"
    if expected is None:
        return "DIFFER", f"only transformers refuses: {reason[:300]}"
    wrong = difference(expected, found)
    return ("DIFFER", wrong) if wrong else ("same", "")


def draw(rng, number):
    kinds = [tokenizer_folders.KINDS, family_folders.KINDS][number % 2]
    kind = list(kinds)[number // 2 % len(kinds)]
    form, folder = tokenizer_folders.draw(rng, kind, kinds)
    return f"{kind}, {form}", folder, f"{kind}, {form}, {', '.join(folder.changes)}"


def prepare(scratch):
    tokenizer_folders.learn_both(scratch)
    family_folders.learn(scratch)


def main():
    return folder_differential.run(__doc__.split("\n")[0], 1000, ["same", "both refuse", "braid refuses", "DIFFER"], draw,
        prepare, judge)


if __name__ == "__main__":
    sys.exit(main())
