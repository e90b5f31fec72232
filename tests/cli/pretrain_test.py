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


with tempfile.TemporaryDirectory() as name:
    folder, rng = Path(name), random.Random(1)
    written = folder / "text.txt"
    written.write_text("\n".join(" ".join(rng.choices(WORDS, k=12)) for _ in range(60)))
    learnt_word_pieces(folder, written)
    blocks_begin_with_the_mark(folder, written)
