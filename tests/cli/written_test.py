"""What braid writes, transformers reads alike: nothing missing, nothing unexpected, the same outputs.

Usage: written_test.py BRAID [--few]. Ends with a nonzero status after the first failures. Folders of every family that
reads texts and has one stack, of each class, tied and not, go through canonicalise, transform, merge and interpolate;
pretrain and finetune make some. `--few`: of each family that is like no other one class.
"""
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "models"))
from config_differential import CASTS, KINDS, MORE, SIZES, classes
from program import braid, check, result

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
FEW = "--few" in sys.argv
LIKE_OTHERS = ("xlm-roberta", "camembert", "qwen2", "mistral", "olmo")  # RoBERTa, LLaMA and OLMo 2
OWN_BIAS = ("bert", "roberta", "albert", "deberta-v2")  # an untied head has one
CANONICAL = ("canonical", "moved", "aligned")  # where the family has such a form
WORDS = "river stone winter letter garden window silver morning captain harbour".split()
SENTENCES = [" ".join(WORDS[(7 * i + j * (i % 5 + 1)) % len(WORDS)] for j in range(10)) for i in range(60)]
# Keys that no class of transformers acts on are passed on as they are.
PASSED_ON = {"_name_or_path": "somewhere", "finetuning_task": "x", "of_the_author": [1, {"a": None}], "use_cache": False}
IDS = torch.randint(6, 31, (3, 9), generator=torch.Generator().manual_seed(1))


def make(path, family, name, seed, **config):
    torch.manual_seed(seed)
    sizes = SIZES | MORE[family] | {"pad_token_id": 0} | config
    model = getattr(transformers, name)(transformers.AutoConfig.for_model(family, **sizes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(path)
    given = json.loads((path / "config.json").read_text()) | PASSED_ON
    (path / "config.json").write_text(json.dumps(given))
    return path


def load(path, name=None):
    """As the class that config.json names. Error unless every tensor is read, and none is made."""
    named = json.loads((path / "config.json").read_text())["architectures"]
    check(name is None or named == [name], f"{path.name}: architectures {named}, expected {name}")
    model, loading = getattr(transformers, named[0]).from_pretrained(path, dtype=torch.float64, output_loading_info=True)
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        check(not loading[what], f"{path.name}, {named[0]}: {what} {loading[what]}")
    return model.eval()


def outputs(model, kind):
    with torch.no_grad():
        found = model(input_ids=IDS)
    return [found[field] for field in KINDS[kind].values()]


def same(x, y, family, what):
    for a, b in zip(x, y):
        error = ((a - b).abs().max() / b.abs().max()).item()
        check(error < (3e-4 if family in CASTS else 3e-5), f"{what}: off by {error:.2g}")


def average(a, b, t=0.5):
    with torch.no_grad():
        for x, y in zip(a.parameters(), b.parameters()):
            x.mul_(1 - t).add_(y, alpha=t)
    return a


def keeps_keys(path, source):
    """All of config.json but what says how the weights are stored. Canonical forms, which some are aligned in, untie."""
    found, given = (json.loads((p / "config.json").read_text()) for p in (path, source))
    stored = {"dtype", "torch_dtype"} | ({"tie_word_embeddings"} if path.name in CANONICAL else set())
    for key in given.keys() - stored:
        check(found.get(key, "gone") == given[key], f"{path.name}: {key} is {found.get(key)}, was {given[key]}")


def through_every_command(family, name, kind, tied):
    what = f"{name}, {'tied' if tied else 'not tied'}"
    folder = Path(tempfile.mkdtemp(dir=scratch))
    a, b = (make(folder / x, family, name, i, tie_word_embeddings=tied) for i, x in enumerate("ab"))
    of_a, of_b = (outputs(load(p, name), kind) for p in (a, b))
    braid("canonicalise", a, "-o", folder / "canonical")
    same(outputs(load(folder / "canonical", name), kind), of_a, family, f"{what}, canonicalise")
    braid("align", a, b, "--method", "weights", "-o", folder / "ab.alignment")
    braid("transform", b, "--alignment", folder / "ab.alignment", "-o", folder / "moved")
    same(outputs(load(folder / "moved", name), kind), of_b, family, f"{what}, transform")
    braid("merge", a, b, "--no-align", "-o", folder / "merged")
    braid("interpolate", a, b, "--t", 0.25, "-o", folder / "between")
    same(outputs(load(folder / "merged", name), kind), outputs(average(load(a), load(b)), kind), family, f"{what}, merge")
    same(outputs(load(folder / "between", name), kind), outputs(average(load(a), load(b), 0.25), kind), family,
         f"{what}, interpolate")
    braid("merge", a, b, "--alignment", folder / "ab.alignment", "-o", folder / "aligned")
    load(folder / "aligned", name)
    for made in ("canonical", "moved", "merged", "between", "aligned"):
        keeps_keys(folder / made, b if made == "moved" else a)


def pretrained(family, name, tied):
    """From the config.json of another class; the loss of what is written is the one that transformers finds."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    config = transformers.AutoConfig.for_model(family, **SIZES | MORE[family] | {"pad_token_id": 0}).to_dict()
    config |= PASSED_ON | {"architectures": [name.replace("MaskedLM", "SequenceClassification")],
                           "tie_word_embeddings": tied, "vocab_size": 120, "torch_dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(config))
    braid("pretrain", "--config", folder / "config.json", "--vocab", "train", "--text", text, "--steps", 30, "--seed", 1,
          "--block", 12, "--learning-rate", "1e-2", "-o", folder / "made")
    model = load(folder / "made", name)
    labels = torch.where(torch.arange(9) % 3 == 0, IDS, -100)
    save_file({"input_ids": IDS, "labels": labels}, folder / "batches.safetensors")
    with torch.no_grad():
        theirs = model(input_ids=IDS, labels=labels).loss.item()
    ours = result("evaluate", folder / "made", "--task", "mlm", "--batches", folder / "batches.safetensors")["loss"]
    check(abs(ours - theirs) < 1e-4, f"{name}, tied {tied}: pretrain wrote a model of loss {ours}, transformers {theirs}")
    biases = [p for n, p in model.named_parameters() if n.endswith("decoder.bias")]
    check(not biases or biases[0].abs().max() > 0, f"{name}, tied {tied}: the head's bias was not trained")
    return folder / "made"


def a_pad_is_a_token():
    """The tokenizer's, whatever the configuration had before."""
    config = {"model_type": "bert", **SIZES, "vocab_size": 120, "pad_token_id": 120}
    (scratch / "pad.json").write_text(json.dumps(config))
    braid("pretrain", "--config", scratch / "pad.json", "--vocab", "train", "--text", text, "--steps", 1, "--seed", 1,
          "--block", 12, "-o", scratch / "pad")
    expected = transformers.AutoTokenizer.from_pretrained(scratch / "pad").pad_token_id
    found = json.loads((scratch / "pad/config.json").read_text())["pad_token_id"]
    check(found == expected, f"pad {found}, the tokenizer's is {expected}")


def finetuned(start, family):
    """A classifier on it, and on that one of another number of labels."""
    rows = [f"{SENTENCES[i]}\t{SENTENCES[i + 1]}\t" for i in range(40)]
    for task, labels in (("mnli", ["entailment", "neutral", "contradiction"]), ("rte", ["entailment", "not_entailment"])):
        data, out = scratch / f"{task}.tsv", start.parent / task
        column = "gold_label" if task == "mnli" else "label"
        data.write_text(f"sentence1\tsentence2\t{column}\n" + "".join(
            f"{row}{labels[i % len(labels)]}\n" for i, row in enumerate(rows)))
        braid("finetune", start, "--task", task, "--data", data, "--epochs", 1, "--max-length", 18, "-o", out)
        model = load(out)
        check(model.config.num_labels == len(labels), f"{family}: {task} has {model.config.num_labels} labels")
        tokenizer = transformers.AutoTokenizer.from_pretrained(out)
        losses = []
        for i, row in enumerate(rows):
            batch = tokenizer(*row.split("\t")[:2], truncation=True, max_length=18, return_tensors="pt")
            with torch.no_grad():
                losses.append(model(**batch, labels=torch.tensor([i % len(labels)])).loss.item())
        ours = result("evaluate", out, "--task", task, "--data", data, "--max-length", 18)["loss"]
        check(abs(ours - sum(losses) / len(losses)) < 1e-4, f"{family}, {task}: {ours}, transformers {losses[:3]}")
        start = out


with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    text = scratch / "text.txt"
    text.write_text("\n".join(SENTENCES) + "\n")
    a_pad_is_a_token()
    families = [family for family in MORE if not FEW or family not in LIKE_OTHERS]
    for number, family in enumerate(families):
        kinds = sorted(classes(family).items())
        for place, (name, kind) in enumerate(kinds):
            for tied in (True, False):
                if not FEW or (place, tied) == (number // 2 % len(kinds), number % 2 == 0):
                    through_every_command(family, name, kind, tied)
        masked = [name for name, kind in kinds if kind == "MaskedLM"]
        ties = (False,) if FEW else (True, False)
        for tied in ties if masked and (not FEW or family in OWN_BIAS) else ():
            made = pretrained(family, masked[0], tied)
            if not tied and family in ("bert", "electra", "albert")[:1 if FEW else 3]:
                finetuned(made, family)
