"""Compares braid's byte-level BPE with Hugging Face's fast tokenizer, id by id; status 1 on any difference.

usage: byte_level_differential.py ENCODE_LINES [--shared FOLDER] [--seed N] [--lines N] [--time]

Text: random hostile Unicode, and tinyshakespeare, wikitext-2 and a novel if FOLDER (default: ../shared) has
them. Tokenizers: one learnt here, in both forms of its files, and GPT-2's if FOLDER has it; of each also the
part that a text needs.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from wordpiece_differential import draw_text

WORDS = ("I'll he's HE'S don't we've you're I'd 'tis ''s 's's x'llama  two   three\n\nnewline \t tab 1234 12ab ½²Ⅷ "
         "café naïve 東京 مرحبا ١٢٣ 👩‍👩‍👧 🏳️‍🌈 <|endoftext|> <|endoftext|>x <|endof a\u00a0b \u2028 \u3000x \r\n $5.00 ... "
         "   ").split(" ")


def draw_line(rng):
    if rng.random() < .5:
        return draw_text(rng)
    return "".join(rng.choice(WORDS) + " " * rng.choice([0, 0, 1, 1, 1, 2, 3]) for _ in range(rng.randint(0, 12)))


def learn(lines):
    """A tokenizer as GPT-2's was made, small."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=900, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", normalized=True, special=True)])
    return tokenizer


def write_both(tokenizer, folder):
    """tokenizer.json in one folder; vocab.json and merges.txt, as older ones have, in another."""
    new, old = folder / "new", folder / "old"
    new.mkdir()
    old.mkdir()
    tokenizer.save(str(new / "tokenizer.json"))
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = dict(model["vocab"], **{"<|endoftext|>": tokenizer.token_to_id("<|endoftext|>")})
    (old / "vocab.json").write_text(json.dumps(vocabulary))
    pairs = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    (old / "merges.txt").write_text("#version: 0.2\n" + "\n".join(pairs) + "\n")
    return [new, old]


def encode(program, folder, lines):
    text = "".join(json.dumps(["encode", line]) + "\n" for line in lines)
    out = subprocess.run([program, folder], input=text.encode(), stdout=subprocess.PIPE, check=True)
    return [[int(x) for x in line.split()] for line in out.stdout.decode().split("\n")[:-1]]


def compare(program, name, folder, reference, lines):
    found = encode(program, folder, lines)
    assert len(found) == len(lines), f"{name}: {len(found)} answers to {len(lines)} lines"
    wrong = 0
    for line, ids in zip(lines, found):
        expected = reference.encode(line, add_special_tokens=False).ids
        if ids == expected:
            continue
        wrong += 1
        if wrong <= 3:
            print(f"{name}: {line[:200]!r}\n  expected {expected[:60]}\n  found    {ids[:60]}")
    print(f"{name}: {len(lines)} texts, {sum(map(len, found))} tokens, {wrong} differ")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--shared", default=pathlib.Path(__file__).parents[3] / "shared", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=6000)
    parser.add_argument("--time", action="store_true")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    lines = [draw_line(rng) for _ in range(options.lines)]
    lines += ["", " ", "  ", "\n", "a" * 5000, "ab" * 3000, " " * 2000 + "x", "'" * 500]
    whole = {}
    for name in ("lm/tinyshakespeare.txt", "lm/wikitext-2/test.txt"):
        path = options.shared / "data" / name
        if path.exists():
            whole[name] = path.read_text()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        learnt = learn(lines[:2000] + [" ".join(WORDS)] * 50)
        for place in write_both(learnt, folder):
            wrong += compare(options.program, f"learnt, {place.name}", place, learnt, lines)
        gpt2 = options.shared / "data/vocab/gpt2"
        if gpt2.exists():
            reference = Tokenizer.from_file(str(gpt2 / "tokenizer.json"))
            for form in ("tokenizer.json", "merges.txt"):
                place = folder / f"gpt2-{form}"
                place.mkdir()
                for file in gpt2.iterdir():
                    if (file.name == "tokenizer.json") == (form == "tokenizer.json") or "config" in file.name:
                        (place / file.name).symlink_to(file)
                wrong += compare(options.program, f"GPT-2, {form}", place, reference, lines + list(whole.values()))
            for name, text in whole.items():
                # The part that a text needs gives it the same tokens, under other ids.
                part = folder / "part"
                part.mkdir(exist_ok=True)
                source = folder / "text"
                source.write_text(text)
                subprocess.run([options.program, "--restrict", gpt2, source, part], check=True)
                theirs = Tokenizer.from_file(str(part / "tokenizer.json"))
                found = [theirs.id_to_token(i) for i in encode(options.program, part, [text])[0]]
                same = found == reference.encode(text).tokens == theirs.encode(text).tokens
                print(f"GPT-2 restricted to {name}: {theirs.get_vocab_size()} tokens, {'same' if same else 'OTHER'} pieces")
                wrong += not same
                if options.time:
                    start = time.perf_counter()
                    reference.encode(text)
                    seconds = time.perf_counter() - start
                    out = subprocess.run([options.program, "--time", gpt2, source], stdout=subprocess.PIPE, check=True)
                    print(f"  Hugging Face {seconds:.3f} s, braid {float(out.stdout.split()[0]):.3f} s")
        else:
            print(f"{gpt2} does not exist: only the learnt tokenizer is compared")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
