"""Draws folders with a tokenizer's files, BERT's or GPT-2's, older or newer, for tokenizer_differential.py."""

import json
import string

import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

LETTERS = string.ascii_lowercase
WORDS = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(".,!?'()-[]<>|/#") + list("0123456789") + list(LETTERS)
    + ["##" + c for c in LETTERS + "0123456789"]
    + ["\u65e5", "\u672c", "caf\u00e9", "cafe", "E1", "r\u00ed", "##\u0301"] + ["river", "stone", "River", "Stone",
    "##ver", "RIVER", "[unused1]", "[E0]", "<s>", "</s>", "<pad>", "<unk>", "<mask>"])
TEXTS = ["", " ", "river stone", "River Stone RIVER", "caf\u00e9 CAF\u00c9 cafe\u0301 r\u00edo",
    "\u65e5\u672c\u8a9e river\u65e5", "[E1] [e1] x[E1]y [E2]", " [E1]  [E2]\t[E3] ",
    "[MASK] [mask] river[MASK]stone [CLS] [SEP]", "<s> a </s><pad> <unk> <mask> <S>", "[unused1] [E0] [E0]s",
    "<|endoftext|> a<|endoftext|> <|ENDOFTEXT|>", "don't I'll HE'S 12ab  two   three\n\nlines ",
    "a" * 120 + " " + "b" * 30, "x\u200by\u00a0z \u3000 \ufeff", "\U0001f469\u200d\U0001f469 \u00bd",
    "riverstone [E1]river e1 E1", "new tok NEW TOK  new  tok", "\u0130stanbul STRASSE stra\u00dfe",
    "a/b #c (d) [e] <f>|g"]
NAMES = ["[E1]", "[E2]", "[E3]", "[E0]", "[unused1]", "new tok", "River", "<s>", "<mask>", "caf\u00e9", "e1", "Stone"]
ROLES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]


class Folder:
    """The files to be written, by name: bytes, text, or JSON."""

    def __init__(self, rng):
        self.rng, self.files, self.changes = rng, {}, []

    def json(self, name):
        content = self.files.setdefault(name, {})
        return content if isinstance(content, dict) else {}  # of a broken file nothing is changed

    @property
    def config(self):
        return self.json("tokenizer_config.json")

    def write(self, path):
        path.mkdir()
        for name, content in self.files.items():
            data = (content if isinstance(content, (str, bytes))
                else json.dumps(content, ensure_ascii=self.rng.random() < 0.5))
            (path / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def next_id(vocabulary):
    return 1 + max(i for i in vocabulary.values() if isinstance(i, int))


def token_object(rng, content, typed=True):
    token = {"content": content}
    for flag in ("lstrip", "rstrip", "single_word", "normalized", "special"):
        if rng.random() < 0.4:
            token[flag] = rng.random() < 0.5
    if typed:
        token["__type"] = "AddedToken"
    return token


def name_or_object(rng, content):
    return content if rng.random() < 0.6 else token_object(rng, content)


# Changes for both kinds.
def set_class(f):
    f.config["tokenizer_class"] = f.rng.choice(["BertTokenizer", "BertTokenizerFast", "GPT2Tokenizer",
        "GPT2TokenizerFast", "PreTrainedTokenizerFast", "PreTrainedTokenizer", "TokenizersBackend",
        "ElectraTokenizerFast", "T5Tokenizer", "FooTokenizer", "", None])


def set_class_in_model_config(f):
    f.files["config.json"]["tokenizer_class"] = f.rng.choice(
        ["BertTokenizer", "GPT2Tokenizer", "PreTrainedTokenizerFast"])


def add_decoder(f):
    f.config.setdefault("added_tokens_decoder", {}).update({
        str(f.rng.choice([0, 4, 5, 90, 150, 151, 152, 400])): token_object(f.rng, f.rng.choice(NAMES), False)
        for _ in range(f.rng.randint(0, 3))})


def add_added_tokens_json(f):
    names = f.rng.sample(NAMES, f.rng.randint(1, 3))
    f.files["added_tokens.json"] = dict(zip(names, f.rng.sample([3, 93, 150, 151, 152, 300, 400], len(names))))


def add_special_tokens_map(f):
    entries = {
        f.rng.choice(ROLES): f.rng.choice([f.rng.choice(NAMES), token_object(f.rng, f.rng.choice(NAMES), False)])
        for _ in range(f.rng.randint(0, 2))}
    if f.rng.random() < 0.5:
        entries[f.rng.choice(["additional_special_tokens", "extra_special_tokens"])] = f.rng.sample(NAMES, 2)
    if f.rng.random() < 0.2:
        entries["extra_special_tokens"] = [token_object(f.rng, f.rng.choice(NAMES), False), f.rng.choice(NAMES)]
    if f.rng.random() < 0.2:
        entries["image_token"] = name_or_object(f.rng, f.rng.choice(NAMES))
    f.json("special_tokens_map.json").update(entries)


def name_role(f):
    f.config[f.rng.choice(ROLES)] = f.rng.choice([None, f.rng.choice(NAMES), f.rng.choice(NAMES),
        token_object(f.rng, f.rng.choice(NAMES)), token_object(f.rng, f.rng.choice(NAMES))])


def name_role_wrongly(f):
    f.config[f.rng.choice(ROLES)] = f.rng.choice(["", 3, {"content": "[E1]"}, ["[E1]"]])


def add_extra(f):
    f.config[f.rng.choice(["additional_special_tokens", "extra_special_tokens"])] = f.rng.choice([[], None,
        f.rng.sample(NAMES, 2), [name_or_object(f.rng, f.rng.choice(NAMES))],
        {"first_token": "[E2]", "a_token": "[E1]"}, "[E1]", [3]])


def add_other_role(f):
    f.config.update({"z_token": f.rng.choice(NAMES), "image_token": name_or_object(f.rng, f.rng.choice(NAMES))})


def set_harmless(f):
    f.config.update(f.rng.choice([{"model_max_length": 3}, {"padding_side": "left"},
        {"clean_up_tokenization_spaces": True}, {"do_basic_tokenize": False}, {"never_split": ["River"]},
        {"errors": "ignore"}, {"name_or_path": "x"}, {"backend": "tokenizers"}, {"model_input_names": ["input_ids"]}])
        )


def set_harmful(f):
    f.config.update(f.rng.choice([{"split_special_tokens": True}, {"truncation_side": "left"},
        {"truncation_side": "up"}, {"add_bos_token": True}, {"add_bos_token": False},
        {"auto_map": {"AutoTokenizer": ["a.B", None]}}, {"auto_map": {"AutoModel": "a.B"}},
        {"fast_tokenizer_files": ["tokenizer.4.0.0.json", "tokenizer.json"]}, {"init_inputs": ["x"]}]))


def break_file(f):
    name = f.rng.choice([n for n in f.files if n != "config.json"] or ["tokenizer_config.json"])
    f.files[name] = f.rng.choice(["", "{", "[]", "\ufeff{}", "null", b"\xff\xfe{}"])


def drop_file(f):
    f.files.pop(f.rng.choice([n for n in f.files if n != "config.json"] or ["none"]), None)


def add_foreign(f):
    f.files[f.rng.choice(["tokenizer.model", "spiece.model"])] = "x"


def edit_added_tokens(f):
    if not isinstance(f.files.get("tokenizer.json"), dict):
        return
    added = f.files["tokenizer.json"]["added_tokens"]
    for content in f.rng.sample(NAMES, f.rng.randint(1, 2)):
        added.append({"id": f.rng.choice([1, 60, 150, 151, 400]), "single_word": False,
            "lstrip": f.rng.random() < 0.5, "rstrip": f.rng.random() < 0.5, "normalized": f.rng.random() < 0.5,
            "special": f.rng.random() < 0.5, "content": content})


def edit_vocabulary(f):
    if not isinstance(f.files.get("tokenizer.json"), dict):
        return
    vocabulary = f.files["tokenizer.json"]["model"]["vocab"]
    if isinstance(vocabulary, list):  # Unigram's
        vocabulary.insert(f.rng.randrange(6, len(vocabulary)), [f.rng.choice(NAMES + [vocabulary[9][0]]), -3.5])
        return
    kind = f.rng.randrange(4)
    if kind == 0:
        vocabulary["[E1]"] = next_id(vocabulary) + f.rng.choice([0, 1, 49])
    elif kind == 1:
        vocabulary.pop("River", None)
    elif kind == 2:
        vocabulary[""] = next_id(vocabulary)
    else:
        vocabulary["[E2]"] = 7


# BERT.
def set_option(f):
    key = f.rng.choice(["do_lower_case", "strip_accents", "tokenize_chinese_chars"])
    f.config[key] = f.rng.choice([True, False, False, None if key == "strip_accents" else True])


def set_option_wrongly(f):
    f.config[f.rng.choice(["do_lower_case", "tokenize_chinese_chars", "strip_accents"])] = f.rng.choice(
        [None, 1, "false"])


def change_lines(f):
    if len(f.files.get("vocab.txt", "")) < 100:
        return
    lines = f.files["vocab.txt"].split("\n")[:-1]
    ending = "\n"
    kind = f.rng.randrange(10) if len(lines) > 50 else 9
    if kind == 0:
        lines[f.rng.randrange(5, len(lines))] = f.rng.choice(lines[5:])
    elif kind == 1:
        lines += [""] * f.rng.randint(1, 3)
    elif kind == 2:
        lines[f.rng.randrange(5, len(lines))] = ""
    elif kind == 3:
        lines[0] = "\ufeff" + lines[0]
    elif kind == 4:
        ending = "\r\n"
    elif kind == 5:
        lines = [line + f.rng.choice(["", " ", "\t", "\u3000", "\x0c", "\x1c", "\x85"]) for line in lines]
    elif kind == 6:
        gone = f.rng.choice(["[MASK]", "[PAD]", "[CLS]", "[SEP]", "[UNK]"])
        lines = [line for line in lines if line != gone]
    elif kind == 7:
        lines[f.rng.randrange(len(lines))] += " inside"
    elif kind == 8:
        ending = "\r"
    f.files["vocab.txt"] = ending.join(lines) + ("" if kind == 9 else ending)


def edit_word_piece_json(f):
    if not isinstance(f.files.get("tokenizer.json"), dict):
        return
    whole = f.files["tokenizer.json"]
    kind = f.rng.randrange(8)
    if kind < 3 and whole["normalizer"]:
        whole["normalizer"][f.rng.choice(["lowercase", "clean_text", "handle_chinese_chars", "strip_accents"])] = (
            f.rng.random() < 0.5)
    elif kind == 3:
        whole["model"].update(max_input_chars_per_word=f.rng.choice([3, 200]))
    elif kind == 4:
        whole["model"].update(continuing_subword_prefix=f.rng.choice(["", "@@"]))
    elif kind == 5:
        whole["post_processor"] = f.rng.choice([None,
            {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}])
    elif kind == 6:
        whole["normalizer"] = f.rng.choice([None, {"type": "NFC"}, {"type": "Lowercase"}])
    else:
        whole["padding"] = {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
            "pad_type_id": 0, "pad_token": f.rng.choice(["[PAD]", "[E3]"])}
        whole["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}


def make_bert(rng):
    f = Folder(rng)
    f.files["config.json"] = {"model_type": "bert", "vocab_size": 200}
    f.files["vocab.txt"] = "\n".join(WORDS) + "\n"
    form = rng.choice(["vocab.txt", "vocab.txt", "tokenizer.json", "both"])
    if form != "vocab.txt":
        f.files["tokenizer.json"] = json.loads(json.dumps(BERT_JSON))
        if form == "tokenizer.json":
            del f.files["vocab.txt"]
    if rng.random() < 0.4:
        f.config["tokenizer_class"] = rng.choice(["BertTokenizer", "BertTokenizerFast", "PreTrainedTokenizerFast"])
    return form, f


# GPT-2.
def set_prefix_space(f):
    f.config["add_prefix_space"] = f.rng.choice([True, True, False, None, 1])


def change_merges(f):
    if len(f.files.get("merges.txt", "")) < 100:
        return
    lines = f.files["merges.txt"].split("\n")[:-1]
    ending = "\n"
    kind = f.rng.randrange(8) if len(lines) > 9 else 3
    if kind == 0:
        lines = lines[1:]
    elif kind == 1:
        lines.insert(f.rng.randrange(len(lines)), "#version: 0.1 again and again")
    elif kind == 2:
        lines.insert(f.rng.randrange(len(lines)), f.rng.choice(lines[1:]))
    elif kind == 3:
        ending = "\r\n"
    elif kind == 4:
        lines.append("")
    elif kind == 5:
        lines[f.rng.randrange(1, len(lines))] += f.rng.choice([" ", " x", "\t"])
    elif kind == 6:
        lines[0] = "\ufeff" + lines[0]
    else:
        lines = lines[: f.rng.randrange(1, len(lines))]
    f.files["merges.txt"] = ending.join(lines) + ending


def change_vocab_json(f):
    if not isinstance(f.files.get("vocab.json"), dict):
        return
    vocabulary = f.files["vocab.json"]
    kind = f.rng.randrange(6)
    if kind == 0:
        vocabulary.pop("<|endoftext|>", None)
    elif kind == 1:
        vocabulary["[E1]"] = next_id(vocabulary) + f.rng.choice([0, 2, 39])
    elif kind == 2:
        vocabulary.pop(f.rng.choice(["q", "\u0100"]), None)
    elif kind == 3:
        vocabulary[f.rng.choice(NAMES)] = 7
    elif kind == 4:
        vocabulary[""] = next_id(vocabulary)
    else:
        vocabulary["[E2]"] = f.rng.choice([-1, 1.5, "400", None])


def edit_byte_level_json(f):
    if not isinstance(f.files.get("tokenizer.json"), dict):
        return
    whole = f.files["tokenizer.json"]
    kind = f.rng.randrange(7)
    if kind == 0:
        whole["pre_tokenizer"]["add_prefix_space"] = True
    elif kind == 1:
        whole["post_processor"] = f.rng.choice([None, {"type": "TemplateProcessing", "single": [
            {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}}}])
    elif kind == 2:
        whole["normalizer"] = {"type": "Lowercase"}
    elif kind == 3:
        whole["model"]["merges"] = [m if isinstance(m, str) else " ".join(m) for m in whole["model"]["merges"]]
    elif kind == 4:
        whole["model"]["ignore_merges"] = True
    elif kind == 5:
        whole["pre_tokenizer"]["use_regex"] = False
    else:
        whole["model"]["unk_token"] = "<|endoftext|>"


def make_gpt2(rng):
    f = Folder(rng)
    f.files["config.json"] = {"model_type": "gpt2", "vocab_size": 400}
    form = rng.choice(["vocab.json", "vocab.json", "tokenizer.json", "both"])
    if form != "tokenizer.json":
        f.files["vocab.json"] = dict(GPT2_JSON["model"]["vocab"])
        f.files["merges.txt"] = "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in GPT2_JSON["model"]["merges"])
    if form != "vocab.json":
        f.files["tokenizer.json"] = json.loads(json.dumps(GPT2_JSON))
    if rng.random() < 0.4:
        f.config["tokenizer_class"] = rng.choice(["GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizerFast"])
    return form, f


def learn_both(scratch):
    """What save_pretrained and the trainers write today."""
    global BERT_JSON, GPT2_JSON
    (scratch / "bert").mkdir()
    (scratch / "bert/vocab.txt").write_text("\n".join(WORDS) + "\n")
    transformers.BertTokenizer.from_pretrained(scratch / "bert").save_pretrained(scratch / "bert")
    BERT_JSON = json.loads((scratch / "bert/tokenizer.json").read_text())
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    made.train_from_iterator(TEXTS * 3, trainers.BpeTrainer(vocab_size=340, special_tokens=["<|endoftext|>"],
        show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    GPT2_JSON = json.loads(made.to_str())


COMMON = [set_class, set_class_in_model_config, add_decoder, add_decoder, add_added_tokens_json,
    add_added_tokens_json, add_special_tokens_map, add_special_tokens_map, name_role, name_role, name_role_wrongly,
    add_extra, add_other_role, set_harmless, set_harmless, set_harmful, break_file, drop_file, add_foreign,
    edit_added_tokens, edit_vocabulary]
KINDS = {"BERT": (make_bert,
    COMMON + [set_option] * 4 + [set_option_wrongly] + [change_lines] * 5 + [edit_word_piece_json] * 3), "GPT-2": (
    make_gpt2,
    COMMON + [set_prefix_space] * 2 + [change_merges] * 3 + [change_vocab_json] * 3 + [edit_byte_level_json] * 3)}


def draw(rng, kind, kinds=KINDS):
    """A form of the files' names, and the Folder."""
    make, changes = kinds[kind]
    form, folder = make(rng)
    for change in rng.sample(changes, rng.choice([0, 1, 1, 2, 2, 3, 4])):
        change(folder)
        folder.changes.append(change.__name__)
    return form, folder
