"""Compares what braid makes of a checkpoint folder with transformers: the same outputs and token ids, or refused.

usage: checkpoint_differential.py MODEL_OUTPUTS [--folders N] [--seed N] [--keep FOLDER]

Folders are drawn: tensors of one of BERT's or GPT-2's classes, in one or several files, with a few changes each
(checkpoint_folders.py). transformers reads them in float64 as the class that config.json names or, where it names
none, as the one that has what braid computed. It has no answer where an output depends on a tensor that the folder
lacks. Prints a table. Status 1 where an output differs, where only transformers refuses a folder, or where braid
alone does so for a reason that is not in REFUSALS.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
import safetensors.torch
import torch
import transformers

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
import checkpoint_folders
import folder_differential
import tokenizer_folders
from checkpoint_folders import CLASSES

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
TEXT = tokenizer_folders.TEXTS[4] + tokenizer_folders.TEXTS[12]

# What braid refuses on purpose although transformers reads it: name, and what the message says.
REFUSALS = {
    "a tensor of no part": r"unknown tensor\(s\) in this",
    "half a head": r"model are missing: (pooler|cls|classifier|lm_head|qa_outputs|score)\.",
    "a class that is not known": r"is not a supported class of|model_type '",
    "several classes have these tensors, or none": r"the tensors fit (several|no class)",
    "another activation": r"(hidden_act|activation_function) '.*' is not supported",
    "positions that are not absolute": r"position_embedding_type '",
    "a decoder with what it reads": r"is_decoder is not|add_cross_attention is not",
    "a head of another shape, which the class lacks": r": (pooler|cls|classifier|score|lm_head|qa_outputs)\S* has shape",
    "tied, but with other values": r"but their values differ",
    "integers, NaN or infinity": r"parameters are floating point|has NaN or infinity",
    "a dtype of 8 bits": r"dtype F8_|_rebuild_tensor_v3",
    "an index of other files": r"is in the index but in no shard",
    "twice, with other values": r"with different values in two shards|is stored twice with different values",
    "JSON that only Python reads": r"not valid JSON|duplicate key",
    "null, or a text for a list": r"expected a string, found null|architectures: expected a (non-empty )?list",
    "labels that are no number of outputs": r"num_labels(:| is) |id2label: ",
    "an epsilon below 0": r"the epsilon of norms is -",
    "no layers": r"(num_hidden_layers|n_layer) is 0",
    "no number of heads": r"num_attention_heads is missing",
    "a pad that is no token": r"pad_token_id: expected an integer of at least 0",
    "an untied head without its own bias": r"tie_word_embeddings false, but \S+decoder.bias",
    "an adapter beside the weights": r"adapter_config.json: the folder contains a PEFT adapter",
    "a key by which weights are loaded otherwise": r"(quantization|per_layer|fusion)_config: |transformers_weights: ",
    "modules that are not known": r"modules.json: (\w+ as module \d|the module|the Transformer is in)",
    "settings of a module": r"sentence_\w+_config.json|Pooling/config.json",
}
# What it reads on purpose although transformers refuses it: name, and what transformers says.
READS = {
    "an integer for a number": r"expected float, got int",
    "a byte order mark": r"is not a valid JSON file",
    "a key that another one replaces": r"Field 'n_embd' expected int, got float",
    "token ids that braid does not use": r"field '(bos|eos|pad)_token_id'|Padding_idx must be within",
}
# Outputs by class: braid's name, and the field that transformers returns.
OUTPUTS = {
    "BertModel": {"hidden states": "last_hidden_state", "pooled features": "pooler_output"},
    "BertForMaskedLM": {"vocabulary logits": "logits"},
    "BertLMHeadModel": {"vocabulary logits": "logits"},
    "BertForPreTraining": {
        "vocabulary logits": "prediction_logits", "next-sentence logits": "seq_relationship_logits"},
    "BertForNextSentencePrediction": {"next-sentence logits": "logits"},
    "BertForSequenceClassification": {"label logits": "logits"},
    "BertForTokenClassification": {"logits of token labels": "logits"},
    "BertForQuestionAnswering": {"logits of answer spans": ""},
    "BertForMultipleChoice": {"logits of choices": "logits"},
    "GPT2Model": {"hidden states": "last_hidden_state"},
    "GPT2LMHeadModel": {"vocabulary logits": "logits"},
    "GPT2ForSequenceClassification": {"label logits": "logits"},
    "GPT2ForTokenClassification": {"logits of token labels": "logits"},
    "GPT2ForQuestionAnswering": {"logits of answer spans": ""},
    "GPT2DoubleHeadsModel": {"vocabulary logits": "logits", "logits of choices": "mc_logits"},
}
PER_TOKEN = {"hidden states", "vocabulary logits", "logits of token labels", "logits of answer spans"}
E = []
PRODUCTS = "inner products of "


def outputs(model, kind, batch):
    inputs = {k: v.unsqueeze(1) if kind == "BertForMultipleChoice" else v for k, v in batch.items()}
    with torch.no_grad():
        found = model(**inputs, return_dict=True)
    spans = "start_logits" in found and torch.stack([found.start_logits, found.end_logits], -1)
    return {name: found[field] if field else spans for name, field in OUTPUTS[kind].items()
        if not field or found[field] is not None}


def read_config(path):
    try:
        config = json.loads((path / "config.json").read_text())
    except ValueError:
        config = None
    return config if isinstance(config, dict) else {}


def compute(path, kind, batch, **more):
    """What transformers computes as this class; None for what hangs on tensors that the folder lacks."""
    other = "gpt2" if kind in CLASSES["bert"] else "bert"
    if read_config(path).get("model_type") == other:
        raise ValueError("a class of another family")
    model, loading = getattr(transformers, kind).from_pretrained(
        path, dtype=torch.float64, output_loading_info=True, **more)
    model.eval()
    found = outputs(model, kind, batch)
    if loading["missing_keys"]:
        parameters = dict(model.named_parameters(remove_duplicate=False))
        for name in loading["missing_keys"]:
            if name in parameters:
                parameters[name].data += 0.1 * torch.randn_like(parameters[name])
        again = outputs(model, kind, batch)
        found = {name: x if torch.equal(x, again[name]) else None for name, x in found.items()}
    return {name: x if x is not None and x.numel() and x.isfinite().all() else None for name, x in found.items()}


def named_class(path):
    """The class that config.json names; None: none, or one that there isn't."""
    names = read_config(path).get("architectures")
    return names[0] if isinstance(names, list) and names and names[0] in OUTPUTS else None


class Theirs:
    """What transformers makes of a folder."""

    def __init__(self, path, folder, batch):
        self.path, self.batch, self.family, self.classes = path, batch, folder.family, {}
        self.named = named_class(path)

    def of(self, kind):
        if kind not in self.classes:
            spans = {"num_labels": 2} if "Question" in kind and kind != self.named else {}  # a span has two ends
            self.classes[kind] = compute(self.path, kind, self.batch, **spans)
        return self.classes[kind]

    def find(self, name):
        """The output of this name: of the class that is named, or of the first that has it."""
        if name.startswith(PRODUCTS):
            x = self.find(name.removeprefix(PRODUCTS))
            return x @ x.transpose(-1, -2)
        kind = next(k for k in [self.named or ""] + CLASSES[self.family] if name in OUTPUTS.get(k, {}))
        if self.of(kind)[name] is None:
            raise ValueError(f"{name}: from tensors that are missing")
        return self.of(kind)[name]

    def answer(self, kind):
        """What that class returns; error where it hangs on missing tensors, which a bare stack's pooler may."""
        for name, x in self.of(kind).items():
            if name != "pooled features" or x is not None:
                self.find(name)
        return {name for name, x in self.of(kind).items() if x is not None}

    def difference(self, found):
        """Where they differ, in words; empty: nowhere."""
        try:
            needed = self.answer(self.named) if self.named else set()
            if needed - found.keys():
                return f"{', '.join(needed - found.keys())} not among {', '.join(found)}"
            for name, ours in found.items():
                x, mask = self.find(name), self.batch["attention_mask"]
                if x.shape != ours.shape:
                    return f"{name}: {list(x.shape)}; braid {list(ours.shape)}"
                if name.removeprefix(PRODUCTS) in PER_TOKEN:  # GPT-2's are other ones where texts are padded
                    both = mask[..., None] * (mask[:, None] if name.startswith(PRODUCTS) else 1)
                    x, ours = x * both, ours * both
                error = (x - ours).abs().max() / x.abs().max()
                E.append(error.item())
                if not error < 1e-9:
                    return f"{name}: off by {error:.2g}"
        except Exception as error:  # whatever they raise
            return f"only transformers refuses: {type(error).__name__}: {str(error)[:300]}"
        return ""


def tokens(path):
    """The text's ids, or None where there is no file of a tokenizer."""
    files = {"vocab.txt", "tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"}
    if not any((path / name).exists() for name in files):
        return None
    return transformers.AutoTokenizer.from_pretrained(path)(TEXT, truncation=True, max_length=20)["input_ids"]


class Program:
    """model_outputs, started anew where it ends."""

    def __init__(self, path):
        self.path, self.process = path, None

    def __call__(self, path, batch, out):
        if not self.process or self.process.poll() is not None:
            self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, errors="replace")
        self.process.stdin.write(json.dumps([str(path), str(batch), str(out), TEXT]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        return (safetensors.torch.load_file(out), "") if answer == "ok" else (None, answer)


def judge(program, folder, path, scratch):
    batch = folder.batch()
    safetensors.torch.save_file(batch, scratch / "batch.safetensors")
    found, answer = program(path, scratch / "batch.safetensors", scratch / "outputs.safetensors")
    theirs = Theirs(path, folder, batch)
    try:
        ids = tokens(path)
    except Exception as error:
        ids = f"refused: {error}"
    if found is None:
        if not answer.startswith(str(path)):
            return "DIFFER", f"an error that does not name the folder: {answer}"
        try:
            theirs.answer(theirs.named or folder.kind)
        except Exception:
            return "both refuse", ""
        if isinstance(ids, str):
            return "both refuse", ""
        named = [name for name, pattern in REFUSALS.items() if re.search(pattern, answer)]
        return ("braid refuses", named[0]) if named else ("DIFFER", f"braid refuses: {answer}")
    ours = found.pop("tokens", torch.tensor([])).tolist()
    wrong = f"tokens {ids}; braid {ours}" if ours != (ids or []) else theirs.difference(found)
    meant, why = folder.meant()
    named = [name for name, pattern in READS.items() if re.search(pattern, wrong)]
    if named:
        return "braid alone reads", named[0]
    if not wrong or not why:
        return ("DIFFER", wrong) if wrong else ("same", "")
    folder.write(scratch / "meant", meant)
    alone = not Theirs(scratch / "meant", folder, batch).difference(found)
    shutil.rmtree(scratch / "meant")
    return ("braid alone reads", why) if alone else ("DIFFER", wrong)


def draw(rng, number):
    folder = checkpoint_folders.draw(rng, ("bert", "gpt2")[number % 5 // 3])
    return folder.kind, folder, f"{folder.kind}, {folder.form}, {', '.join(folder.changes)}"


def main():
    torch.set_num_threads(1)
    programs = {}  # one process for all folders
    return folder_differential.run(
        __doc__.split("\n")[0], 1000, ["same", "both refuse", "braid refuses", "braid alone reads", "DIFFER"], draw,
        tokenizer_folders.learn_both,
        lambda program, *rest: judge(programs.setdefault(program, Program(program)), *rest))


if __name__ == "__main__":
    sys.exit(main())
