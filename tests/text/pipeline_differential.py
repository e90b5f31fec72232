"""Compares braid's tokenizers of many families with Hugging Face's, id by id; status 1 on any difference.

usage: pipeline_differential.py ENCODE_LINES [--seed N] [--lines N] [--families NAME,NAME] [--time]

Of each family in pipelines.py a small tokenizer is learnt on text and hostile Unicode. Hostile lines are then encoded
alone, as sequences and in pairs; and by what restricting it to a text leaves, which the wheel reads too.
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
from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pipelines
from byte_level_differential import draw_line, encode
from wordpiece_differential import Comparison, read_real_text, save_tokenizer

PARTS = ("\u2581 \u2581a a\u2581 <unk> <s> </s> [MASK] [MASK]x  [SEP] <mask> <0x41> <extra_id_1> <|im_end|> <|begin_of_text|> |E| "
         " |E|  |  ``  ''  '\u017f 'S 'LL 'Ve \u017f 12345 1234 \u0661\u0662\u0663\u0664 \u00bd\u00b2 x9 9x \r\n \n\n \n \n  \t\t  \u3000 "
         "\uff21\u0301 e\u0301 \u1e9b\u0323 \ufb01x \u0915\u094d\u0937 \u0915\u0301 \u0937\u0301 \u0600a \U0001f1e9\U0001f1ea "
         "\U0001f469\u200d\U0001f467 \ud55c\u0301 \u1100\u1161\u11a8 \0 caf\u00e9 cafe\u0301 God GOD \u00c9t \u00c9t\u00e9 x\u200bx")
PARTS = PARTS.split(" ") + [" ", "  ", "     ", "\n", "\r\n\r", "\t", "        "]


def draw(rng):
    if rng.random() < .5:
        return draw_line(rng)
    return "".join(rng.choice(PARTS) + " " * rng.choice([0, 0, 0, 1, 1, 2, 5]) for _ in range(rng.randint(0, 12)))


def requests_of(rng, lines):
    requests = []
    for line in lines:
        requests.append(["encode", line])
        if rng.random() < .2:
            requests.append(["sequence", line, rng.choice([2, 3, 8, 64, 512])])
            requests.append(["pair", line, rng.choice(lines), rng.choice([4, 5, 9, 32, 512])])
    return requests


class Families(Comparison):
    def restricted(self, name, folder, reference, text, scratch):
        """The part that a text needs gives it the same tokens, here and there, and reads others alike."""
        part, source = scratch / f"{name}-part", scratch / f"{name}.txt"
        part.mkdir()
        reference.no_truncation()
        source.write_text(text)
        subprocess.run([self.program, "--restrict", folder, source, part], check=True)
        smaller = Tokenizer.from_file(str(part / "tokenizer.json"))
        found = encode(self.program, part, [text])[0]
        expected = reference.encode(text, add_special_tokens=False).ids
        same = [smaller.id_to_token(i) for i in found] == [reference.id_to_token(i) for i in expected]
        print(f"{name}, restricted: {smaller.get_vocab_size()} of {reference.get_vocab_size()} tokens, "
              f"{'same' if same else 'OTHER'} tokens")
        self.different += not same
        return part, smaller


def compare_components(comparison, rng, scratch, count):
    """Every character of planes 0 and 1, or a part of them, by components that show what they do to it."""
    characters = [chr(c) for c in [*range(0x20000), *range(0x2EBF0, 0x2EE60), 0xE0041] if not 0xD800 <= c < 0xE000]
    lines = ["a{0}\u2588{0} \u2588{0}1{0}b\u0345{0}\u0323'{0} ".format(c) for c in characters]
    lines = ["".join(lines[i:i + 64]) for i in range(0, len(lines), 64)]
    for name, reference in pipelines.COMPONENTS.items():
        folder = save_tokenizer(scratch / name, reference)
        some = rng.sample(lines, min(count // 4, len(lines)))
        drawn = [draw(rng) for _ in range(count // 2)] + [
            "".join(rng.choice("1aa ab\n") for _ in range(rng.randint(1, 30))) for _ in range(count // 4)]
        comparison.run(name, folder, reference, [["encode", line] for line in some + drawn])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--families", default=",".join(pipelines.FAMILIES))
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path(__file__).parents[3] / "shared")
    parser.add_argument("--time", action="store_true")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    text = read_real_text(options.shared).get("bible") or [" ".join(pipelines.__doc__.split())] * 100
    comparison = Families(options.program)
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        compare_components(comparison, rng, scratch, options.lines)
        for name in filter(None, options.families.split(",")):
            training = rng.sample(text, min(len(text), 800)) + [draw(rng) for _ in range(300)]
            reference = pipelines.FAMILIES[name](training)
            made = save_tokenizer(scratch / name, reference)
            # Scores are read with roundings of their own.
            reference = Tokenizer.from_file(str(made / "tokenizer.json"))
            lines = [draw(rng) for _ in range(options.lines)]
            lines += rng.sample(text, min(len(text), options.lines // 4))
            lines += ["", " ", "  ", "\n", "a" * 3000, "ab" * 2000, " " * 2000 + "x", "'" * 500, "\u6f22" * 3000, "\n " * 900]
            comparison.run(name, made, reference, requests_of(rng, lines))
            some = "\n".join(rng.sample(text, min(len(text), 20)) + lines[:20])
            part, smaller = comparison.restricted(name, made, reference, some, scratch)
            comparison.run(f"{name}, restricted", part, smaller, requests_of(rng, lines[:options.lines // 4]))
            if options.time:
                measure(options.program, made, reference, text, scratch)
    print(f"{comparison.compared} lines compared, {comparison.different} different")
    return comparison.different > 0


def measure(program, folder, reference, lines, scratch):
    source = scratch / "speed.txt"
    source.write_text("\n".join(line for line in lines if line.strip()))
    reference.no_truncation()
    size = source.stat().st_size / 1e6
    start = time.perf_counter()
    for line in source.read_text().split("\n"):
        reference.encode(line, add_special_tokens=False)
    theirs = time.perf_counter() - start
    done = subprocess.run([program, "--time", folder, source], stdout=subprocess.PIPE, check=True)
    ours = float(done.stdout.split()[0])
    print(f"  {size:.1f} MB by lines: {size / ours:.1f} MB/s, the wheel {size / theirs:.1f} MB/s")


if __name__ == "__main__":
    sys.exit(main())
