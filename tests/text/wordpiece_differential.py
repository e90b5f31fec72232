"""Compares braid's WordPiece with Hugging Face's fast tokenizer, id by id; status 1 on any difference.

usage: wordpiece_differential.py ENCODE_LINES [--shared FOLDER] [--seed N] [--lines N] [--time]

ENCODE_LINES is the program of encode_lines_main.cpp. Text: every code point of planes 0, 1, 2 and 14,
random hostile Unicode, the King James Bible if `bible` is installed, novels if FOLDER (default:
../shared or --shared) has them. Vocabularies: one with every character, one learnt by
train_word_pieces, bert-base-uncased if FOLDER has it.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import (AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors,
                        trainers)

WHOLE = 4000  # lines
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ("the of And GOD Straße ΌΣΟΣ ΑΣ café naïve Ångström İstanbul ﬁnal don't U.S.A. 3,141.59 #tag "
         "##ing foo_bar x+y=z a@b.c https://a.b/c?d=e&f=1 ~~~ $5 <p> `q` ^ | ½ ² Ⅷ ß ǅ ſ 東京 日本語 한국어 "
         "ひらがな カタカナ ｶﾞ שָׁלוֹם مرحبا हिन्दी ไทย ជំរាប 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 ¿qué? “quoted” — … « » ‽ ؟ 、。 "
         "[MASK] [mask] [SEP] [CLS] [PAD] [UNK] [MASK [[MASK]] [MASK]s CLS [ ] [unused1]").split()
SPACES = " \t\n\r\v\f\x1c\x1f\x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000"
ODD = ("\0\x01\x7f\x80\xad\u0130\u0131\u03a3\u03c2\u1e9e\u166d\u180e\u200b\u200c\u200d\u200e\u202e\u2060"
       "\u302e\u302f\ufeff\ufffd\uffff\ufe0f\u1734\u1885\ua9bd\U000111c9\U0001d165\U0001d16e\U0001d15e"
       "\u0344\u0385\u0958\u0f73\u0f75\u1100\u1161\u11a8\uac00\uac01\uf900\U0002f800\U00011938\U000e0041")
MARKS = [chr(c) for c in (*range(0x300, 0x370), *range(0x591, 0x5c8), *range(0x64b, 0x660),
                          *range(0x1dc0, 0x1e00), *range(0x20d0, 0x20f1), 0x302e, 0x302f, 0x93c, 0x94d,
                          0x9fe, 0xd3b, 0xd3c, 0x1ac0, 0x10d24, 0x1e130, 0x1d165, 0x1d16d, 0xf71, 0xf74)]


def draw_character(rng):
    plane = rng.choice([0, 0, 0, 0, 1, 1, 2, 3, 14, 15, 16])
    while True:
        c = plane << 16 | rng.randrange(0x10000)
        if rng.random() < .3:
            c = rng.randrange(0x3000)
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def draw_text(rng):
    """One hostile line; its kind changes from part to part."""
    parts = []
    for _ in range(rng.choice([0, 1, 2, 3, 5, 8, 20])):
        kind = rng.randrange(9)
        if kind == 0:
            parts.append("".join(draw_character(rng) for _ in range(rng.randint(1, 12))))
        elif kind == 1:
            base = rng.choice("aeiouAEIOUνаक가g東ÅéĦ1- ")
            parts.append(base + "".join(rng.choice(MARKS) for _ in range(rng.randint(1, 6))))
        elif kind == 2:
            parts.append("".join(rng.choice(ODD) for _ in range(rng.randint(1, 5))))
        elif kind == 3:
            unit = rng.choice(["a", "é", "東", "ab", "\u0301", "x\u200b", "👍", "İ", "z\u0323\u0301"])
            parts.append(unit * rng.choice([1, 33, 49, 50, 51, 99, 100, 101, 102, 250]))
        elif kind == 4:
            parts.append("".join(chr(rng.randrange(128)) for _ in range(rng.randint(1, 15))))
        else:
            word = rng.choice(WORDS)
            parts.append(rng.choice([word, word, word.upper(), word.title(), word[::-1]]))
        if rng.random() < .7:
            parts.append("".join(rng.choice(SPACES) for _ in range(rng.randint(1, 3))))
    return "".join(parts)


def make_tokenizer(vocabulary, lower_case, **normalizer):
    """The crate's BERT tokenizer, as transformers sets it up for vocab.txt."""
    ids = {token: i for i, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        **{"lowercase": lower_case, "strip_accents": None, **normalizer})
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])])
    tokenizer.add_special_tokens(SPECIALS)
    return tokenizer


def save_vocabulary(folder, vocabulary, lower_case):
    """A folder with vocab.txt and no tokenizer.json."""
    folder.mkdir()
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), newline="")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lower_case}))
    return folder


def save_tokenizer(folder, tokenizer):
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def make_requests(rng, texts, pieces_only=False):
    requests = []
    for text in texts:
        requests.append(["encode", text])
        if pieces_only:
            continue
        requests.append(["sequence", text, rng.choice([2, 3, 4, 8, 16, 64, 512])])
        if rng.random() < .6:
            length = rng.choice([3, 4, 5, 6, 7, 8, 13, 32, 33, 128, 512])
            requests.append(["pair", text, rng.choice(texts), length])
    return requests


def answer(tokenizer, request):
    kind, text = request[:2]
    tokenizer.no_truncation()
    if kind == "encode":
        return " ".join(map(str, tokenizer.encode(text, add_special_tokens=False).ids))
    tokenizer.enable_truncation(max_length=request[-1], strategy="longest_first")
    if kind == "sequence":
        return " ".join(map(str, tokenizer.encode(text).ids))
    both = tokenizer.encode(text, request[2])
    return " ".join(map(str, both.ids)) + " | " + " ".join(map(str, both.type_ids))


class Comparison:
    def __init__(self, program):
        self.program, self.compared, self.different = program, 0, 0

    def run(self, name, folder, tokenizer, requests):
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        done = subprocess.run([self.program, folder], input=lines, capture_output=True, text=True)
        found = done.stdout.splitlines()
        if done.returncode or len(found) != len(requests):
            print(f"{name}: the program failed after {len(found)} of {len(requests)} lines: {done.stderr}")
            self.different += 1
            return
        different = 0
        for request, ids in zip(requests, found):
            expected = answer(tokenizer, request)
            if ids != expected:
                different += 1
                if different <= 2:
                    print(f"  {json.dumps(request)}\n  expected {expected}\n  found    {ids}")
        name_of_unknown = getattr(tokenizer.model, "unk_token", None) or "<unk>"
        unknown = sum(ids.split().count(str(tokenizer.token_to_id(name_of_unknown))) for ids in found)
        total = sum(len(ids.split()) for ids in found)
        print(f"{name}: {len(requests)} lines, {total} ids ({unknown / max(total, 1):.1%} unknown), "
              f"{different} different", flush=True)
        self.compared += len(requests)
        self.different += different


def read_real_text(shared):
    texts = {}
    if shutil.which("bible"):
        texts["bible"] = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True,
                                        text=True, check=True).stdout.splitlines()
    novels = sorted((shared / "data/novels").glob("*.txt"))[::17]
    if novels:
        lines = [line for novel in novels for line in novel.read_text().splitlines()]
        texts["novels"] = [line for line in lines if line.strip()][::5]
    return texts


def compare_characters(comparison, rng, scratch, lines_each):
    """Every code point, in a vocabulary where every one is a piece: nothing hides behind [UNK]. With fewer lines, each
    code point under one of the options."""
    characters = [chr(c) for plane in (0, 1, 2, 14) for c in range(plane << 16, plane + 1 << 16)
                  if not 0xD800 <= c < 0xE000]
    vocabulary = SPECIALS + characters + ["##" + c for c in characters]
    lines = ["a{0} {0}b c{0}d e\u0345{0}\u0323f".format(c) for c in characters]
    lines = [" ".join(lines[i:i + 16]) for i in range(0, len(lines), 16)]
    hostile = [draw_text(rng) for _ in range(lines_each // 2)]
    parts = 4 if lines_each < WHOLE else 1
    for number, options in enumerate(({}, {"lowercase": False}, {"strip_accents": False},
                    {"lowercase": False, "strip_accents": True, "clean_text": False,
                     "handle_chinese_chars": False})):
        tokenizer = make_tokenizer(vocabulary, options.get("lowercase", True),
                                   **{k: v for k, v in options.items() if k != "lowercase"})
        folder = save_tokenizer(scratch / f"characters{len(list(scratch.iterdir()))}", tokenizer)
        comparison.run(f"every character {options}", folder, tokenizer,
                       make_requests(rng, lines[number % parts::parts], pieces_only=True) + make_requests(rng, hostile))


def compare_added_tokens(comparison, rng, scratch, vocabulary, texts):
    """Added tokens of every kind, in tokenizer.json."""
    tokenizer = make_tokenizer(vocabulary, True)
    tokenizer.add_special_tokens([AddedToken("<L>", lstrip=True), AddedToken("<R>", rstrip=True),
                                  AddedToken("<LR>", lstrip=True, rstrip=True),
                                  AddedToken("<LR><", single_word=True)])
    tokenizer.add_tokens([AddedToken("God", normalized=True), AddedToken("ÉT", normalized=True),
                          AddedToken("lord", normalized=False, single_word=True),
                          AddedToken(" ab", normalized=True, lstrip=True),
                          AddedToken("ab c", normalized=True, rstrip=True, single_word=True)])
    folder = save_tokenizer(scratch / "added", tokenizer)
    parts = ["<L>", "<R>", "<LR>", "<LR><", "God", "GOD", "gód", "ét", "e\u0301t", "lord", "Lord", "ab", " ab",
             "ab c", "ab  c", "[MASK]", "x", "é", " ", "  ", "\t", "\u3000", "\u200d", "_", "-", "東", "\u0301"]
    lines = ["".join(rng.choice(parts) for _ in range(rng.randint(1, 12))) for _ in range(3000)]
    comparison.run("added tokens", folder, tokenizer, make_requests(rng, lines + texts[:300]))


def compare_training(program, scratch, texts):
    """The vocabulary learnt here against the crate's own; ties are broken differently."""
    source = scratch / "training.txt"
    source.write_text("\n".join(texts))
    learnt = {}
    for lower_case in (True, False):
        start = time.time()
        done = subprocess.run([program, "--train", source, "4000", str(lower_case).lower()],
                              capture_output=True, text=True, check=True)
        learnt[lower_case] = done.stdout.split("\n")[:-1]
        seconds = time.time() - start
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower_case)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.train_from_iterator(
            texts, trainers.WordPieceTrainer(vocab_size=4000, min_frequency=2, limit_alphabet=1000,
                                             special_tokens=SPECIALS, show_progress=False))
        reference = set(tokenizer.get_vocab())
        shared = len(reference & set(learnt[lower_case])) / len(reference)
        print(f"learnt {len(learnt[lower_case])} pieces in {seconds:.1f} s, "
              f"{shared:.2%} of the crate's own {len(reference)}")
        if learnt[lower_case][:5] != SPECIALS or shared < .97:
            sys.exit("the learnt vocabulary is not what the crate learns")
    return learnt


def check_loading(vocabulary, folder):
    """The learnt vocabulary without any C++: the crate and transformers take it and use it."""
    from transformers import AutoTokenizer, BertTokenizerFast
    tokenizer = make_tokenizer(vocabulary, True)
    assert tokenizer.get_vocab_size() == len(vocabulary) == len(set(vocabulary))
    assert tokenizer.encode("[MASK]").ids == [2, 4, 3]
    text = "In the beginning God created the heaven and the earth."
    encoded = tokenizer.encode(text)
    assert 1 not in encoded.ids and len(encoded.ids) < len(text)
    loaded = BertTokenizerFast.from_pretrained(folder)
    assert loaded(text)["input_ids"] == encoded.ids, (loaded(text)["input_ids"], encoded.ids)
    return loaded.backend_tokenizer


def compare_transformers(comparison, rng, scratch, vocabulary, texts, shared):
    """Folders as transformers itself reads them: other names for special tokens, the fixtures."""
    from transformers import BertTokenizerFast
    names = {"[PAD]": "<pad>", "[UNK]": "<unk>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}
    renamed = save_vocabulary(scratch / "renamed", [names.get(token, token) for token in vocabulary], True)
    config = {f"{old[1:-1].lower()}_token": new for old, new in names.items()}
    config.update(do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False)
    config["mask_token"] = {"content": "<mask>", "lstrip": False, "normalized": False, "rstrip": False,
                            "single_word": False, "special": True, "__type": "AddedToken"}
    config["added_tokens_decoder"] = {
        str(len(vocabulary) + i): {"content": content, "lstrip": i == 1, "normalized": False,
                                   "rstrip": False, "single_word": False, "special": True}
        for i, content in enumerate(("<extra>", "<left>"))}
    (renamed / "tokenizer_config.json").write_text(json.dumps(config))
    folders = [renamed] + [f for f in (shared / "fixtures").glob("bert-*") if (f / "vocab.txt").exists()]
    for folder in folders:
        tokenizer = BertTokenizerFast.from_pretrained(folder).backend_tokenizer
        lines = [draw_text(rng) + rng.choice([" <left>", "<extra>", "<mask>", "<s>", "</s> É 東京"])
                 for _ in range(500)]
        lines += rng.sample(texts, min(len(texts), 500))
        comparison.run(f"transformers on {folder.name}", folder, tokenizer, make_requests(rng, lines))


def compare_speed(program, folder, tokenizer, texts, scratch):
    source = scratch / "speed.txt"
    source.write_text("\n".join(text for text in texts if text.strip()))
    tokenizer.no_truncation()
    lines = source.read_text().split("\n")
    ours, theirs = [], []
    for _ in range(3):
        done = subprocess.run([program, "--time", folder, source], capture_output=True, text=True,
                              check=True)
        ours.append(float(done.stdout.split()[0]))
        start = time.time()
        for line in lines:
            tokenizer.encode(line, add_special_tokens=False)
        theirs.append(time.time() - start)
    size = source.stat().st_size / 1e6
    print(f"speed, one thread, {size:.1f} MB: {size / min(ours):.1f} MB/s, the crate "
          f"{size / min(theirs):.1f} MB/s: {min(theirs) / min(ours):.1f} times as fast")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--shared", type=pathlib.Path,
                        default=pathlib.Path(__file__).parents[3] / "shared")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=int, default=WHOLE, help="hostile lines per vocabulary")
    parser.add_argument("--time", action="store_true", help="measure the speed too")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    comparison = Comparison(arguments.program)
    real = read_real_text(pathlib.Path(arguments.shared))
    texts = [line for lines in real.values() for line in lines] or [" ".join(WORDS)] * 3
    print("real text:", {name: len(lines) for name, lines in real.items()} or "none")

    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        compare_characters(comparison, rng, scratch, arguments.lines)
        training = real.get("bible") or texts
        learnt = compare_training(arguments.program, scratch, training)
        for lower_case, vocabulary in learnt.items():
            folder = save_vocabulary(scratch / f"learnt-{lower_case}", vocabulary, lower_case)
            tokenizer = make_tokenizer(vocabulary, lower_case)
            if lower_case:
                tokenizer = check_loading(vocabulary, folder)
            hostile = [draw_text(rng) for _ in range(arguments.lines)]
            some = rng.sample(texts, min(len(texts), arguments.lines))
            comparison.run(f"learnt vocabulary, lower_case={lower_case}", folder, tokenizer,
                           make_requests(rng, hostile + some))
        compare_added_tokens(comparison, rng, scratch, learnt[True], training)
        compare_transformers(comparison, rng, scratch, learnt[True], training,
                             pathlib.Path(arguments.shared))
        base = pathlib.Path(arguments.shared) / "data/vocab/bert-base-uncased"
        if base.exists():
            vocabulary = (base / "vocab.txt").read_text().split("\n")[:-1]
            for lower_case in (True, False):
                tokenizer = (Tokenizer.from_file(str(base / "tokenizer.json")) if lower_case
                             else make_tokenizer(vocabulary, False))
                folder = base if lower_case else save_vocabulary(scratch / "base", vocabulary, False)
                hostile = [draw_text(rng) for _ in range(arguments.lines)]
                some = rng.sample(texts, min(len(texts), 2 * arguments.lines))
                comparison.run(f"bert-base-uncased, lower_case={lower_case}", folder, tokenizer,
                               make_requests(rng, hostile + some))
            if arguments.time:
                tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
                compare_speed(arguments.program, base, tokenizer, training, scratch)
    print(f"{comparison.compared} lines compared, {comparison.different} different")
    sys.exit(1 if comparison.different else 0)


if __name__ == "__main__":
    main()
