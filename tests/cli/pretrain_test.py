"""What is pretrained with tokenizers of several kinds is read by transformers: tokens and losses.

Usage: pretrain_test.py BRAID. Ends with a nonzero status on the first failure.
"""
import json
import os
import random
import tempfile
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

from program import braid, check, result

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
WORDS = "the The cat Café sat on Zürich's mat and 12 kings said: naïve, 東京 don't".split()
ENCODER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
           "max_position_embeddings": 40, "vocab_size": 90}
MASKED = {"bert": {}, "modernbert": {}, "roberta": {}, "electra": {"embedding_size": 32}, "albert": {"embedding_size": 16},
          "deberta-v2": {"relative_attention": True, "pos_att_type": "p2c|c2p", "share_att_key": True},
          "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48}}
ONE_STEP = ["--seed", 1, "--steps", 1]
DECODER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 32}
CAUSAL = {"llama": {"intermediate_size": 48}, "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32}}


def learnt_word_pieces(place, text):
    """A vocabulary learnt from the text: the same tokens by every class that reads the folder."""
    lines = text.read_text().split("\n")
    for family, more in MASKED.items():
        config, out = place / f"{family}.json", place / family
        config.write_text(json.dumps({**ENCODER, "model_type": family, **more}))
        braid("pretrain", "--config", config, "--vocab", "train", "--text", text, "--block", 16, *ONE_STEP, "-o", out)
        theirs = transformers.AutoTokenizer.from_pretrained(out)
        bert = transformers.BertTokenizerFast(str(out / "vocab.txt"), do_lower_case=True)
        for line in lines + [line + " [MASK] [sep]" for line in lines[:5]]:
            check(theirs(line)["input_ids"] == bert(line)["input_ids"], f"{family}: {line!r} has other tokens")
        names = ("mask_token_id", "pad_token_id", "cls_token_id", "sep_token_id", "unk_token_id")
        check([getattr(theirs, name) for name in names] == [getattr(bert, name) for name in names],
              f"{family}: other special tokens")
        check(len(theirs) == len(bert) and theirs.decode(theirs("the cat")["input_ids"], True) == "the cat", family)


def blocks_begin_with_the_mark(place, text):
    """Next tokens by a tokenizer that starts sequences with a token: it starts every block, and is not predicted."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.train_from_iterator([text.read_text()], trainers.BpeTrainer(
        vocab_size=300, show_progress=False, special_tokens=["<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", special_tokens=[("<s>", 0)])
    (place / "tokenizer").mkdir()
    made.save(str(place / "tokenizer/tokenizer.json"))
    (place / "tokenizer/tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>"}))
    size = 16
    for family, more in CAUSAL.items():
        config, out = place / f"{family}.json", place / family
        config.write_text(json.dumps({**DECODER, "model_type": family, **more}))
        braid("pretrain", "--config", config, "--vocab", place / "tokenizer", "--text", text, "--valid", text,
              "--seed", 1, "--steps", 3, "--block", size, "-o", out)
        measured = result("evaluate", out, "--task", "clm", "--text", text, "--block", size)
        ids = transformers.AutoTokenizer.from_pretrained(out)(text.read_text(), return_tensors="pt").input_ids[0]
        check(ids[0] == 0, f"{family}: transformers puts no mark first")
        model = transformers.AutoModelForCausalLM.from_pretrained(out, dtype=torch.float64).eval()
        words, total = ids[1:], 0.0
        for begin in range(0, len(words) - 1, size - 1):
            block = words[begin:begin + size]
            with torch.no_grad():
                scores = model(torch.cat([ids[:1], block[:-1]])[None]).logits[0, 1:].log_softmax(-1)
            total -= scores.gather(1, block[1:, None]).sum().item()
        check(measured["scored"] == len(words) - 1, f"{family}: {measured['scored']} of {len(words)} scored")
        loss = total / (len(words) - 1)
        check(abs(loss - measured["loss"]) < 1e-5, f"{family}: loss {measured['loss']}, theirs {loss}")
        aligned = result("align", out, out, "--text", text, "--blocks", "--max-length", size,
                         "-o", place / f"{family}.alignment")
        check(aligned["axes"], f"{family}: {aligned}")
    refused = braid("pretrain", "--config", place / "llama.json", "--vocab", "train", "--text", text, *ONE_STEP,
                    "-o", place / "none", status=2)
    check("this WordPiece tokenizer ends sequences with [SEP]" in refused.stderr, refused.stderr)


def special_tokens_by_role(place, text):
    """config.json names the tokens that transformers' tokenizer of the folder does, in a smaller vocabulary as well."""
    start, end, pad = {"bos_token": "<s>"}, {"eos_token": "</s>"}, {"pad_token": "<pad>"}
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.train_from_iterator([text.read_text()], trainers.BpeTrainer(
        vocab_size=320, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    last = made.get_vocab_size() - 1
    made.add_special_tokens(["<unk>", "<s>", "</s>", "<pad>"])
    part, config, vocabulary = place / "part.txt", place / "roles.json", place / "roles"
    part.write_text("the cat")
    # Of tokens without a role: one that is kept, and one that the text does not need.
    others = {"pad_token_id": made.token_to_id("<pad>"), "sep_token_id": last}
    config.write_text(json.dumps({**DECODER, "model_type": "llama", "intermediate_size": 48, **others}))
    vocabulary.mkdir()
    made.save(str(vocabulary / "tokenizer.json"))
    for number, roles in enumerate((start | end | pad, end | {"bos_token": "</s>"}, start, end | pad, {})):
        (vocabulary / "tokenizer_config.json").write_text(json.dumps(
            {"tokenizer_class": "PreTrainedTokenizerFast", **roles}))
        for restricted in ([], ["--restrict-vocab", part]):
            out = place / f"roles-{number}-{len(restricted)}"
            braid("pretrain", "--config", config, "--vocab", vocabulary, "--text", text, "--block", 16,
                  *restricted, *ONE_STEP, "-o", out)
            theirs, read = (auto.from_pretrained(out) for auto in (transformers.AutoTokenizer, transformers.AutoConfig))
            for name in ("bos_token_id", "eos_token_id"):
                found, expected = getattr(read, name), getattr(theirs, name)
                check(found == expected, f"{roles}, {restricted}: {name} {found}, the tokenizer's is {expected}")
            check(theirs.convert_ids_to_tokens(read.pad_token_id) == "<pad>", f"{restricted}: pad {read.pad_token_id}")
            found = json.loads((out / "config.json").read_text())["sep_token_id"]
            check(found == (None if restricted else last), f"{restricted}: sep_token_id {found}")
    # The last tokenizer has no pad: its id is the configuration's.
    config.write_text(json.dumps(json.loads(config.read_text()) | {"pad_token_id": 99999}))
    done = braid("pretrain", "--config", config, "--vocab", vocabulary, "--text", text, "--block", 16, *ONE_STEP,
                 "-o", place / "no-pad", status=2)
    check("pad_token_id is 99999" in done.stderr, done.stderr)


with tempfile.TemporaryDirectory() as name:
    folder, rng = Path(name), random.Random(1)
    written = folder / "text.txt"
    written.write_text("\n".join(" ".join(rng.choices(WORDS, k=12)) for _ in range(60)))
    learnt_word_pieces(folder, written)
    blocks_begin_with_the_mark(folder, written)
    special_tokens_by_role(folder, written)
