"""Writes what fuzz/corpus starts from: small good files of every kind. Inputs that were found stand beside them."""

import base64
import collections
import io
import json
import pickle
import struct
import sys
import types
import zipfile
from pathlib import Path

corpus = Path(__file__).parent / "corpus"
SEPARATOR = b"\x1e"  # of the files of one input, as fuzz/input.h says


def place(what, name, content):
    (corpus / what).mkdir(parents=True, exist_ok=True)
    (corpus / what / name).write_bytes(content.encode() if isinstance(content, str) else content)


def safetensors(tensors):
    """tensors: {name: (dtype, shape, bytes)}"""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def doubles(*values):
    return struct.pack(f"<{len(values)}d", *values)


place("safetensors", "three", safetensors({
    "a": ("F32", [2, 3], bytes(24)), "b": ("BF16", [2], bytes(4)), "c": ("BOOL", [3], b"\1\0\1"),
    "none": ("I64", [0, 4], b""), "one": ("F64", [], doubles(2.5))}))
place("safetensors", "empty", safetensors({}))


# What torch.save writes, without torch: its names, pickled by name.
def stand_in(module, name):
    sys.modules.setdefault(module, types.ModuleType(module))
    made = type(name, (), {"__module__": module, "__qualname__": name})
    setattr(sys.modules[module], name, made)
    return made


FloatStorage = stand_in("torch", "FloatStorage")
BoolStorage = stand_in("torch", "BoolStorage")
rebuild = stand_in("torch._utils", "_rebuild_tensor_v2")
rebuild_parameter = stand_in("torch._utils", "_rebuild_parameter")


class Stored:
    def __init__(self, kind, key, elements):
        self.id = ("storage", kind, key, "cpu", elements)


class Called:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


class Pickler(pickle.Pickler):
    def __init__(self, file, last=()):
        super().__init__(file, protocol=2)
        self.last = last

    def persistent_id(self, value):
        return value.id + self.last if isinstance(value, Stored) else None


def pickled(value, last=()):
    file = io.BytesIO()
    Pickler(file, last).dump(value)
    return file.getvalue()


def tensor(storage, offset, sizes, strides):
    return Called(rebuild, (storage, offset, sizes, strides, False, collections.OrderedDict()))


numbers, truths = Stored(FloatStorage, "0", 6), Stored(BoolStorage, "1", 2)
state = collections.OrderedDict(
    a=tensor(numbers, 0, (2, 3), (3, 1)), row=tensor(numbers, 3, (3,), (1,)), c=tensor(truths, 0, (2,), (1,)),
    d=Called(rebuild_parameter, (tensor(numbers, 0, (), ()), True, collections.OrderedDict())))
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as parts:
    for name, content in {"data.pkl": pickled(state), "byteorder": b"little", "data/0": bytes(24), "data/1": b"\1\0",
                          "version": b"3\n"}.items():
        parts.writestr(zipfile.ZipInfo(f"archive/{name}"), content)
place("torch_bin", "zip", archive.getvalue())
system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
place("torch_bin", "legacy", b"".join([
    *(pickled(part) for part in (0x1950A86A20F9469CFC6C, 1001, system)), pickled(state, last=(None,)),
    pickled(["0", "1"]), struct.pack("<Q", 6), bytes(24), struct.pack("<Q", 2), b"\1\0"]))

# Tokenizers.
pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "lord", "##s", "is", "my", ";"]
special = [{"id": i, "content": t, "special": True, "single_word": False, "lstrip": t == "[MASK]", "rstrip": False,
            "normalized": False} for i, t in enumerate(pieces[:5])]
more = special + [{"id": 11, "content": "Shepherd", "special": False, "single_word": True, "normalized": True}]
template = {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}
for kind, parts in {"single": "CAS", "pair": "CASBS"}.items():
    for place_in_sequence, part in enumerate(parts):
        id_type = int(place_in_sequence > 2)
        text = {"C": "[CLS]", "S": "[SEP]"}.get(part, part)
        template[kind].append({"Sequence" if part in "AB" else "SpecialToken": {"id": text, "type_id": id_type}})
for id_, text in ((2, "[CLS]"), (3, "[SEP]")):
    template["special_tokens"][text] = {"id": text, "ids": [id_], "tokens": [text]}
for name, processor in {"template": template,
                        "bert": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}}.items():
    place("tokenizer_json", f"wordpiece_{name}", json.dumps({
        "version": "1.0", "added_tokens": more if name == "template" else special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": processor,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {t: i for i, t in enumerate(pieces)}}}))

plain = [c for c in range(256) if chr(c).isprintable() and c not in (32, 160, 173)]
other = [c for c in range(256) if c not in plain]
letters = {c: chr(c) for c in plain} | {c: chr(256 + i) for i, c in enumerate(other)}
vocabulary = {letters[c]: c for c in range(256)} | {"he": 256, "the": 257}
ending = {"id": 258, "content": "<|endoftext|>", "special": True, "single_word": False, "lstrip": False,
          "rstrip": False, "normalized": True}
dense = {"separators": (",", ":"), "ensure_ascii": False}
place("tokenizer_json", "byte_level", json.dumps({
    "added_tokens": [ending], "normalizer": None, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
    "post_processor": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
    "model": {"type": "BPE", "dropout": None, "byte_fallback": False, "vocab": vocabulary,
              "merges": ["h e", ["t", "he"]]}}, **dense))
texts = [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}]
begin = {"SpecialToken": {"id": "<s>", "type_id": 0}}
place("tokenizer_json", "bpe", json.dumps({
    "added_tokens": [ending | {"id": 7, "content": "  ", "normalized": False, "special": False}],
    "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": False}]},
    "post_processor": {"type": "TemplateProcessing", "single": [begin, texts[0]], "pair": [begin, *texts],
                       "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True, "ignore_merges": True,
              "vocab": {"<unk>": 0, "<s>": 1, "<0xC3>": 2, "<0xA9>": 3, "_": 4, "_T": 5, "T": 6}, "merges": ["_ T"]}},
    **dense))
units = [1 << 10] + [0] * 95 + [ord("a") | 1 << 8 | 1 << 10] + [1 << 31] + [0] * 158  # "a" becomes "e"
charsmap = struct.pack(f"<{len(units) + 1}I", 4 * len(units), *units) + b"e\0"
place("tokenizer_json", "unigram", json.dumps({
    "added_tokens": [], "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()}, {"type": "NFKD"},
        {"type": "StripAccents"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True}]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "_", "prepend_scheme": "never"}]},
    "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": False, "vocab": [
        ["<unk>", 0], ["t", -2], ["he", -3.25], ["the", -4], ["lord", -5], [";", -6.125]]}}, **dense))
decoder = {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in more}
place("wordpiece_files", "both", "\n".join(pieces).encode() + b"\n" + SEPARATOR + json.dumps({
    "do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True, "unk_token": "[UNK]",
    "mask_token": {"__type": "AddedToken", "content": "[MASK]"}, "added_tokens_decoder": decoder}).encode())
place("wordpiece_files", "older", SEPARATOR.join([
    "\n".join([*pieces, "", "is"]).encode(), b'{"image_token": "<i>"}', json.dumps(
        {"mask_token": {"content": "[MASK]", "lstrip": True}, "additional_special_tokens": ["<s>"]}).encode(),
    b'{"shepherd": 13, "<s>": 14}']))
place("wordpiece_files", "vocabulary", "\r\n".join(pieces))
config = {"add_prefix_space": False, "eos_token": "<|endoftext|>",
          "added_tokens_decoder": {"258": {k: v for k, v in ending.items() if k != "id"}}}
place("byte_level_files", "all", b"#version: 0.2\nh e\nt he\n" + SEPARATOR + json.dumps(config).encode() + SEPARATOR +
      json.dumps(vocabulary, **dense).encode())

# config.json
for config in ({"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                "intermediate_size": 12, "vocab_size": 11, "max_position_embeddings": 8, "type_vocab_size": 2,
                "hidden_act": "gelu", "layer_norm_eps": 1e-12, "tie_word_embeddings": True,
                "position_embedding_type": "absolute", "is_decoder": False, "id2label": {"0": "no", "1": "yes"}},
               {"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2, "n_inner": None, "vocab_size": 11,
                "n_positions": 8, "tie_word_embeddings": False, "architectures": ["GPT2LMHeadModel"],
                "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "scale_attn_weights": True,
                "num_labels": 3}):
    place("config", config["model_type"], json.dumps(config))


# Alignments and moments.
def match(kind, **fields):
    return {"kind": kind, "objective": 1.5, "mean": 0.5, "identity": 0.25, "units": 2, "seconds": 0.1, "applied": True,
            **fields}


sides = {"a": {"path": "A", "fingerprint": "00"}, "b": {"path": "B", "fingerprint": "01"}}
place("alignment", "every_kind", json.dumps({
    "format": "braid-alignment", "version": 1, "family": "BERT", "exact": True, "broken": "",
    "ablation": {"separate_residual": False, "ignore_heads": False}, **sides, "text": None,
    "options": {"canonicalise": False},
    "axes": {"x": match("permutation", indices=[1, 0]),
             "pooled": match("signed permutation", indices=[0, 1], signs=[1, -1]),
             "layer.0.ov": match("matrix", matrix=[[[0.0, 1.0], [2.0, 0.0]]], condition=2.0),
             "layer.0.qk": match("rotary scaling", real=[[1.0]], imaginary=[[0.5]], condition=1.0),
             "shift.layer.0.ffn": match("shift", vector=[0.5, -0.5]),
             "layer.0.attention": match("permutation", indices=[1, 0], view_of="x")}}))
provenance = json.dumps(sides | {"text": [], "observed": {"lines": 3}}).encode()
place("moments", "one_tap", safetensors({
    "x/tokens": ("I64", [1], struct.pack("<q", 3)), "x/mean_a": ("F64", [2], doubles(0, 1)),
    "x/mean_b": ("F64", [1], doubles(2)), "x/square_a": ("F64", [2], doubles(1, 4)),
    "x/square_b": ("F64", [1], doubles(1)), "x/cross": ("F64", [2, 1], doubles(0.5, -0.5)),
    "provenance.json": ("U8", [len(provenance)], provenance)}))

# Studies.
place("study", "trained", """title: Small
define: {steps: 10}
models:
  pretrain:
    config: {model_type: bert, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 12}
    text: text.txt
    steps: ${steps}
    seeds: [1, 2]
pairs: [["1", "2"]]
tasks:
  - {task: mlm, text: valid.txt, block: 8, align: {text: text.txt, max-length: 8}}
  - {task: sst2, data: dev.tsv, finetune: {data: train.tsv, epochs: 1}}
sizes: [1, 2]
variants:
  - {name: vanilla, align: none, published: {mlm: [4.95, 0.38], sst2: 0.5}}
  - {name: weights, method: weights, in-head: orthogonal, canonicalise: true, components: [ffn, attention]}
""")
place("study", "folders", """about: two folders
points: 5
precision: float64
moments: drop
models: [models/a, &b models/b]
pairs: all
tasks: [{task: clm, text: "t\\u00e9xt", align: {text: *b, blocks: true}}]
variants: [{name: one}]
""")
