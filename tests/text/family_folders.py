"""Draws folders with the tokenizer files of many families, under their classes, for tokenizer_differential.py."""

import json

import pipelines
from tokenizer_folders import COMMON, TEXTS, Folder, change_merges, change_vocab_json, set_prefix_space

# Model types, a tokenizer of their kind, and the classes that their folders name.
FAMILIES = {
    "RoBERTa": (["roberta", "longformer", "bart"], pipelines.roberta, ["RobertaTokenizer", "BartTokenizerFast"]),
    "GPT-NeoX": (["gpt_neox", "olmo"], pipelines.gpt_neox, ["GPTNeoXTokenizer", "GPTNeoXTokenizerFast"]),
    "ModernBERT": (["modernbert"], pipelines.modernbert, ["PreTrainedTokenizerFast", "GPT2Tokenizer"]),
    "Qwen2": (["qwen2", "qwen3"], pipelines.qwen2, ["Qwen2Tokenizer", "PreTrainedTokenizerFast"]),
    "Llama 3": (["llama", "olmo2"], pipelines.llama_3, ["LlamaTokenizer", "PreTrainedTokenizerFast"]),
    "Llama": (["llama", "mistral"], pipelines.llama, ["LlamaTokenizer", "LlamaTokenizerFast"]),
    "Llama, older": (["llama", "mistral"], pipelines.llama_older, ["LlamaTokenizer", "LlamaTokenizerFast"]),
    "Gemma": (["gemma", "gemma2"], pipelines.gemma, ["GemmaTokenizer", "GemmaTokenizerFast"]),
    "T5": (["t5", "mt5"], pipelines.t5, ["T5Tokenizer", "T5TokenizerFast"]),
    "XLM-R": (["xlm-roberta"], pipelines.xlm_roberta, ["XLMRobertaTokenizer", "XLMRobertaTokenizerFast"]),
    "CamemBERT": (["camembert"], pipelines.camembert, ["CamembertTokenizer", "CamembertTokenizerFast"]),
    "ALBERT": (["albert"], pipelines.albert, ["AlbertTokenizer", "AlbertTokenizerFast"]),
    "DeBERTa": (["deberta-v2"], pipelines.deberta_v2, ["DebertaV2Tokenizer", "DebertaV2TokenizerFast"]),
}
LEARNT = {}


def learn(scratch):
    for name, (_, make, _) in FAMILIES.items():
        LEARNT[name] = make(TEXTS * 3).to_str()


def set_marks(f):
    f.config.update({f.rng.choice(["add_bos_token", "add_eos_token"]): f.rng.choice([True, False])})


def set_class_option(f):
    key = f.rng.choice(["legacy", "do_lower_case", "keep_accents", "split_by_punct", "unk_id", "extra_ids"])
    f.config[key] = f.rng.choice([0, 2, 7]) if key in ("unk_id", "extra_ids") else f.rng.choice([True, False])


def edit_parts(f):
    if not isinstance(f.files.get("tokenizer.json"), dict):
        return
    whole = f.files["tokenizer.json"]
    kind = f.rng.randrange(6)
    if kind == 0:
        whole["normalizer"] = f.rng.choice([None, {"type": "NFC"}, {"type": "Lowercase"}, {"type": "Nmt"}, {
            "type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}]}])
    elif kind == 1:
        whole["pre_tokenizer"] = f.rng.choice([None, {"type": "WhitespaceSplit"}, {"type": "Whitespace"},
            {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
            {"type": "Digits", "individual_digits": True}])
    elif kind == 2:
        whole["post_processor"] = f.rng.choice([None,
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}])
    elif kind == 3:
        whole["model"].update(f.rng.choice([{"ignore_merges": True}, {"byte_fallback": False}, {"fuse_unk": False},
            {"unk_token": None}, {"unk_id": 0}]))
    elif kind == 4:
        whole["model"].pop("type", None)
    else:
        whole.pop(f.rng.choice(["normalizer", "pre_tokenizer", "post_processor", "decoder"]), None)


def make(rng, name):
    types, _, classes = FAMILIES[name]
    f = Folder(rng)
    f.files["config.json"] = {"model_type": rng.choice(types)}
    whole = json.loads(LEARNT[name])
    older = name in ("RoBERTa", "GPT-NeoX", "ModernBERT", "Qwen2", "Llama 3")
    form = rng.choice(["vocab.json", "tokenizer.json", "tokenizer.json", "both"] if older else ["tokenizer.json"])
    if form != "tokenizer.json":
        f.files["vocab.json"] = dict(whole["model"]["vocab"])
        f.files["merges.txt"] = "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in whole["model"]["merges"])
    if form != "vocab.json":
        f.files["tokenizer.json"] = whole
    if rng.random() < 0.6:
        f.config["tokenizer_class"] = rng.choice(classes)
    return form, f


CHANGES = COMMON + [set_prefix_space, set_marks, set_class_option, set_class_option, change_merges, change_vocab_json] + [
    edit_parts] * 3
KINDS = {name: (lambda rng, name=name: make(rng, name), CHANGES) for name in FAMILIES}
