"""The tokenizers of families, small and learnt here by the wheel, for pipeline_differential.py."""

import base64
import json
import struct

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)"
        r"|\s+")
LLAMA_3 = QWEN.replace(r"\p{N}|", r"\p{N}{1,3}|")
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SIZE = 1000
Split, ByteLevel, Metaspace = pre_tokenizers.Split, pre_tokenizers.ByteLevel, pre_tokenizers.Metaspace


def template(tokenizer, single, pair):
    names = {word.split(":")[0] for word in (single + " " + pair).split() if not word.startswith("$")}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[(name, tokenizer.token_to_id(name)) for name in names])


def train(tokenizer, lines, special=(), **options):
    if isinstance(tokenizer.model, models.Unigram):
        trainer = trainers.UnigramTrainer(vocab_size=SIZE, show_progress=False, special_tokens=list(special), **options)
    else:
        trainer = trainers.BpeTrainer(vocab_size=SIZE, show_progress=False, special_tokens=list(special), **options)
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def byte_level(lines, cut, normalizer=None, special=("<|endoftext|>",), **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = cut
    return train(tokenizer, lines, special, initial_alphabet=ByteLevel.alphabet())


def roberta(lines):
    made = byte_level(lines, ByteLevel(add_prefix_space=False), special=["<s>", "<pad>", "</s>", "<unk>"])
    made.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, False)
    return made


def gpt_neox(lines):
    made = byte_level(lines, ByteLevel(add_prefix_space=False), normalizers.NFC(), ["<|endoftext|>", "<|padding|>"])
    made.add_tokens([AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)])
    made.add_tokens([AddedToken("caf\u00e9", single_word=True), AddedToken("\u1e9b\u0323", normalized=False),
                     AddedToken("|E|", lstrip=True, rstrip=True)])
    template(made, "$A:0", "$A:0 $B:1")
    return made


def modernbert(lines):
    made = byte_level(lines, ByteLevel(add_prefix_space=True),
                      normalizers.Sequence([normalizers.NFC(), normalizers.NFC()]), ["|||IP_ADDRESS|||"])
    made.add_tokens([AddedToken(" " * n, normalized=False) for n in range(24, 1, -1)])
    made.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", AddedToken("[MASK]", lstrip=True)])
    template(made, "[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1")
    return made


def qwen2(lines):
    return byte_level(lines, pre_tokenizers.Sequence([Split(Regex(QWEN), "isolated"),
                                                      ByteLevel(add_prefix_space=False, use_regex=False)]),
                      normalizers.NFC(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])


def llama_3(lines):
    made = byte_level(lines, pre_tokenizers.Sequence([Split(Regex(LLAMA_3), "isolated"),
                                                      ByteLevel(add_prefix_space=False, use_regex=False)]),
                      special=["<|begin_of_text|>", "<|end_of_text|>"])
    # Words that are pieces, but that no merges make.
    made = json.loads(made.to_str())
    made["model"]["ignore_merges"] = True
    made["model"]["merges"] = made["model"]["merges"][::2]
    known = set(made["model"]["vocab"])
    made["model"]["merges"] = [m for m in made["model"]["merges"] if set(m) <= known]
    made["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                  {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [0],
                                                  "tokens": ["<|begin_of_text|>"]}}}]}
    return Tokenizer.from_str(json.dumps(made))


def smollm(lines):
    return byte_level(lines, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                      ByteLevel(add_prefix_space=False, use_regex=True)]))


def digit_runs(lines):
    return byte_level(lines, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False),
                                                      Split(Regex(GPT2), "isolated"),
                                                      ByteLevel(add_prefix_space=True, use_regex=False)]))


def sentencepiece_bpe(lines, cut, normalizer, bytes_first=True, spaces=True, **model):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, **model))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = Metaspace(prepend_scheme="always", split=True)  # to learn fast
    if isinstance(normalizer, normalizers.Sequence):
        tokenizer.normalizer = None
    special = ["<unk>", "<s>", "</s>"] + (BYTES if bytes_first else [])
    train(tokenizer, lines, special, limit_alphabet=150)
    tokenizer.normalizer = normalizer
    if cut is None:
        whole = json.loads(tokenizer.to_str())
        whole["pre_tokenizer"] = None
        tokenizer = Tokenizer.from_str(json.dumps(whole))
    else:
        tokenizer.pre_tokenizer = cut
    whole = json.loads(tokenizer.to_str())
    # Bytes are pieces, not added tokens.
    whole["added_tokens"] = [token for token in whole["added_tokens"] if not token["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(whole))
    template(tokenizer, "<s>:0 $A:0", "<s>:0 $A:0 <s>:1 $B:1")
    return tokenizer


def llama(lines):
    return sentencepiece_bpe(lines, Metaspace(prepend_scheme="first", split=False), None, byte_fallback=True)


def llama_older(lines):
    return sentencepiece_bpe(lines, None,
                             normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]),
                             byte_fallback=True)


def mistral_never(lines):
    return sentencepiece_bpe(lines, Metaspace(prepend_scheme="never", split=True), None, byte_fallback=True)


def without_bytes(lines):
    """Unknown characters, fused."""
    return sentencepiece_bpe(lines, Metaspace(prepend_scheme="always", split=False), None, bytes_first=False)


def some_bytes(lines):
    """Byte fallback with a few bytes that have no token."""
    whole = json.loads(llama(lines).to_str())
    vocabulary, merges = whole["model"]["vocab"], whole["model"]["merges"]
    for byte in ("<0xE3>", "<0x81>", "<0xF0>"):
        del vocabulary[byte]
    ids = {token: i for i, token in enumerate(sorted(vocabulary, key=vocabulary.get))}
    whole["model"].update(vocab=ids, merges=merges)
    whole["post_processor"] = None
    return Tokenizer.from_str(json.dumps(whole))


def gemma(lines):
    return sentencepiece_bpe(lines, Split(" ", "merged_with_previous"), normalizers.Replace(" ", "\u2581"),
                             byte_fallback=True)


def charsmap(entries):
    """sentencepiece's precompiled charsmap of a dictionary: a double array (Darts), and the strings."""
    blob, places = b"", {}
    for value in entries.values():
        if value not in places:
            places[value] = len(blob)
            blob += value.encode() + b"\0"
    root = {}
    for key, value in entries.items():
        node = root
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[None] = places[value]
    units = {0: 0}  # a unit by its place

    def place(node, at):
        labels = sorted(-1 if label is None else label for label in node)
        base = 1
        while any((base ^ (0 if label < 0 else label)) in units for label in labels) or (base ^ at) >= 1 << 21:
            base += 1
        offset = base ^ at
        units[at] |= offset << 10
        for label in labels:
            units[base ^ max(label, 0)] = 0
        for label in labels:
            if label < 0:
                units[at] |= 1 << 8
                units[base] = node[None] | 1 << 31
            else:
                units[base ^ label] |= label
                place(node[label], base ^ label)

    place(root, 0)
    size = (max(units) | 255) + 1
    return (struct.pack("<I", 4 * size) + b"".join(struct.pack("<I", units.get(i, 0)) for i in range(size)) + blob)


def nmt_charsmap():
    """What sentencepiece's nmt_nfkc does to some characters, and what it would not do."""
    import unicodedata
    entries = {}
    ranges = [(0xa0, 0x250), (0x2000, 0x2070), (0x2100, 0x2150), (0x3300, 0x3360), (0xff00, 0xff70), (0xfb00, 0xfb07)]
    for first, last in ranges:
        for c in range(first, last):
            if (made := unicodedata.normalize("NFKC", chr(c))) != chr(c):
                entries[chr(c)] = made
    for base in "aeiouAEIOUz":
        for mark in "\u0300\u0301\u0302\u0303\u0308\u0323":
            entries[base + mark] = unicodedata.normalize("NFKC", base + mark)
    entries.update({c: " " for c in "\t\n\r\u2028\u2029\u3000"})
    entries.update({c: "" for c in "\x01\x02\x7f\u200b\u200e\ufeff"})
    entries.update({"1": "one", "\u200d": "", "\ud55c": "x", "\u0915": "K", "\u0937": "SH"})
    return charsmap(entries)


def unigram(lines, normalizer, cut, special, unk="<unk>"):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, words()  # to learn fast
    train(tokenizer, lines, special, unk_token=unk)
    tokenizer.pre_tokenizer = cut
    return tokenizer


def words(scheme="always"):
    return pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), Metaspace(prepend_scheme=scheme)])


def t5(lines):
    made = unigram(lines, normalizers.Precompiled(nmt_charsmap()), words(), ["<pad>", "</s>", "<unk>"])
    made.add_special_tokens([f"<extra_id_{i}>" for i in range(5)])
    template(made, "$A:0 </s>:0", "$A:0 </s>:0 $B:0 </s>:0")
    return made


def xlm_roberta(lines):
    normalizer = normalizers.Sequence([normalizers.Precompiled(nmt_charsmap()), normalizers.Replace(Regex(" {2,}"), " ")])
    made = unigram(lines, normalizer, Metaspace(prepend_scheme="always"), ["<s>", "<pad>", "</s>", "<unk>"])
    made.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    template(made, "<s>:0 $A:0 </s>:0", "<s>:0 $A:0 </s>:0 </s>:0 $B:0 </s>:0")
    return made


def camembert(lines):
    normalizer = normalizers.Sequence([normalizers.Precompiled(nmt_charsmap()), normalizers.Strip(False, True),
                                       normalizers.Replace(Regex(" {2,}"), "\u2581")])
    made = unigram(lines, normalizer, words(), ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<s>", "</s>"])
    template(made, "<s>:0 $A:0 </s>:0", "<s>:0 $A:0 </s>:0 </s>:0 $B:0 </s>:0")
    return made


def albert(lines):
    normalizer = normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.Replace("''", '"'),
                                       normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
                                       normalizers.Precompiled(nmt_charsmap())])
    made = unigram(lines, normalizer, words(), ["<pad>", "<unk>", "[CLS]", "[SEP]"])
    made.add_special_tokens([AddedToken("[MASK]", lstrip=True)])
    made.add_tokens([AddedToken("\u00c9t", normalized=True), AddedToken("God", normalized=True, single_word=True)])
    template(made, "[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1")
    return made


def deberta_v2(lines):
    normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), normalizers.NFC(),
                                       normalizers.Strip(False, True)])
    made = unigram(lines, normalizer, pre_tokenizers.Sequence([Metaspace(prepend_scheme="always")]),
                   ["[PAD]", "[CLS]", "[SEP]", "[UNK]"], "[UNK]")
    template(made, "[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1")
    return made


def unigram_bytes(lines):
    """Byte fallback, and other normalizers."""
    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.NFD(), normalizers.Strip(True, True)])
    whole = json.loads(unigram(lines, normalizer, Metaspace(prepend_scheme="never", split=False), ["<unk>"]).to_str())
    whole["model"]["vocab"] += [[byte, -9.5] for byte in BYTES]
    whole["model"]["byte_fallback"] = True
    return Tokenizer.from_str(json.dumps(whole))


def bytes_of(normalizer=None, *cuts):
    """Bytes are its tokens, and a space shows where it cuts."""
    tokenizer = byte_level([], pre_tokenizers.Sequence([*cuts, ByteLevel(add_prefix_space=True, use_regex=False)]),
                           normalizer)
    tokenizer.add_tokens([AddedToken("\u2588", single_word=True, normalized=False)])
    return tokenizer


COMPONENTS = {
    "NFC": bytes_of(normalizers.NFC()), "NFD": bytes_of(normalizers.NFD()), "NFKC": bytes_of(normalizers.NFKC()),
    "NFKD": bytes_of(normalizers.NFKD()), "Lowercase": bytes_of(normalizers.Lowercase()),
    "StripAccents": bytes_of(normalizers.StripAccents()), "Precompiled": bytes_of(normalizers.Precompiled(nmt_charsmap())),
    "Strip, WhitespaceSplit": bytes_of(normalizers.Strip(), pre_tokenizers.WhitespaceSplit()),
    "Replace": bytes_of(normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), "_")),
    "GPT-2's words": bytes_of(None, Split(Regex(GPT2), "isolated")),
    "Qwen2's words": bytes_of(None, Split(Regex(QWEN), "isolated")),
    "Llama 3's words": bytes_of(None, Split(Regex(LLAMA_3), "isolated")),
    "Digits": bytes_of(None, pre_tokenizers.Digits(individual_digits=False)),
    **{f"Split {how}": bytes_of(None, Split("a", how, invert=how == "contiguous"), Split("1a", how)) for how in (
        "removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")}}
FAMILIES = {f.__name__: f for f in (
    roberta, gpt_neox, modernbert, qwen2, llama_3, smollm, digit_runs, llama, llama_older, mistral_never, without_bytes,
    some_bytes, gemma, t5, xlm_roberta, camembert, albert, deberta_v2, unigram_bytes)}
