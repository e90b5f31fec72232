"""Writes fuzz/corpus: small good files of every kind, from which the fuzzers start. Needs torch and safetensors."""
import json
from pathlib import Path

import torch
from safetensors.torch import save, save_file

corpus = Path(__file__).parent / "corpus"


def place(what, name):
    (corpus / what).mkdir(parents=True, exist_ok=True)
    return corpus / what / name


small = {"a": torch.arange(6, dtype=torch.float32).view(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}
save_file(small, place("safetensors", "two"), {"format": "pt"})
torch.save(small, place("torch_bin", "zip"))
torch.save(small, place("torch_bin", "legacy"), _use_new_zipfile_serialization=False)

pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "lord", "##s", "is", "my", ";"]
special = [{"id": i, "content": t, "special": True, "single_word": False, "lstrip": t == "[MASK]", "rstrip": False,
            "normalized": False} for i, t in enumerate(pieces[:5])]
wordpiece = {"version": "1.0", "added_tokens": special,
             "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                            "strip_accents": None, "lowercase": True},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
             "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                       "max_input_chars_per_word": 100, "vocab": {t: i for i, t in enumerate(pieces)}}}
place("tokenizer_json", "wordpiece").write_text(json.dumps(wordpiece))
plain = [c for c in range(256) if chr(c).isprintable() and c not in (32, 160, 173)]
other = [c for c in range(256) if c not in plain]
letters = {c: chr(c) for c in plain} | {c: chr(256 + i) for i, c in enumerate(other)}
vocabulary = {letters[c]: c for c in range(256)} | {"th": 256, "the": 257}
bytes_level = {"version": "1.0", "added_tokens": [], "normalizer": None,
               "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
               "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
               "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
               "model": {"type": "BPE", "dropout": None, "unk_token": None, "fuse_unk": False, "byte_fallback": False,
                         "vocab": vocabulary, "merges": ["t h", "th e"]}}
place("tokenizer_json", "byte_level").write_text(json.dumps(bytes_level))

for config in ({"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                "intermediate_size": 12, "vocab_size": 11, "max_position_embeddings": 8, "tie_word_embeddings": True},
               {"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2, "n_inner": None, "vocab_size": 11,
                "n_positions": 8, "tie_word_embeddings": False, "architectures": ["GPT2LMHeadModel"]}):
    place("config", config["model_type"]).write_text(json.dumps(config))


def match(kind, **fields):
    return {"kind": kind, "objective": 1.5, "mean": 0.5, "identity": 0.25, "units": 2, "seconds": 0.1, "applied": True,
            **fields}


alignment = {"format": "braid-alignment", "version": 1, "family": "BERT", "exact": True, "broken": "",
             "ablation": {"separate_residual": False, "ignore_heads": False},
             "a": {"path": "A", "fingerprint": "00"}, "b": {"path": "B", "fingerprint": "01"}, "text": None,
             "options": {"canonicalise": False},
             "axes": {"x": match("permutation", indices=[1, 0]), "layer.0.head": match("permutation", indices=[0]),
                      "pooled": match("signed permutation", indices=[0, 1], signs=[1, -1]),
                      "layer.0.ov": match("matrix", matrix=[[[0.0, 1.0], [2.0, 0.0]]], condition=2.0),
                      "layer.0.qk": match("rotary scaling", real=[[1.0]], imaginary=[[0.5]], condition=1.0),
                      "shift.layer.0.ffn": match("shift", vector=[0.5, -0.5]),
                      "layer.0.attention": match("permutation", indices=[1, 0], view_of="layer.0.head")}}
place("alignment", "every_kind").write_text(json.dumps(alignment))

wide = dict(dtype=torch.float64)
provenance = json.dumps({"a": {"path": "A", "fingerprint": "00"}, "b": {"path": "B", "fingerprint": "01"}, "text": []})
place("moments", "one_tap").write_bytes(save({
    "x/tokens": torch.tensor([3]), "x/mean_a": torch.zeros(2, **wide), "x/mean_b": torch.zeros(2, **wide),
    "x/square_a": torch.ones(2, **wide), "x/square_b": torch.ones(2, **wide), "x/cross": torch.eye(2, **wide),
    "provenance.json": torch.frombuffer(bytearray(provenance.encode()), dtype=torch.uint8)}))

place("study", "small.yaml").write_text("""title: Small
define: {steps: 10}
models:
  pretrain:
    config: {hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 12, vocab_size: 20,
             max_position_embeddings: 8}
    text: text.txt
    steps: ${steps}
    seeds: [1, 2]
pairs: [["1", "2"]]
tasks:
  - {task: mlm, text: valid.txt, block: 8, align: {text: text.txt, max-length: 8}}
  - {task: sst2, data: dev.tsv, finetune: {data: train.tsv, epochs: 1}}
sizes: [1, 2]
variants:
  - {name: vanilla, align: none, published: {mlm: [4.95, 0.38]}}
  - {name: weights, method: weights, in-head: orthogonal, canonicalise: true, components: [ffn, attention]}
""")
