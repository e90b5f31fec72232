"""Inputs at the edges: read as transformers reads them, or refused by their cause.

Usage: edges_test.py BRAID [PART...]. Ends with a nonzero status on the first failure.
"""
import copy
import functools
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

from program import BRAID, braid, check, result

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = MARKS + [a + b + c for a in "bdfgk" for b in "aeiou" for c in "lmnr"][:95]
EMBEDDINGS = "bert.embeddings.word_embeddings.weight", "cls.predictions.bias"


def refuses(*arguments, says):
    done = braid(*arguments, status=2)
    line = done.stderr.strip().splitlines()[-1]
    check(all(word in line for word in says) and "please report" not in line, f"{arguments}: {line!r} does not say {says}")


def bert(name, seed, words=WORDS, rows=100):
    torch.manual_seed(seed)
    config = transformers.BertConfig(vocab_size=rows, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                                     intermediate_size=32, max_position_embeddings=64, initializer_range=0.3)
    model = transformers.BertForMaskedLM(config)
    with torch.no_grad():
        model.cls.predictions.bias.normal_()
    model.save_pretrained(scratch / name)
    (scratch / name / "vocab.txt").write_text("\n".join(words) + "\n")
    return scratch / name


def reordered(source, name, order, words):
    """The same model with its tokens in another order."""
    folder = shutil.copytree(source, scratch / name)
    tensors = load_file(source / "model.safetensors")
    for key in EMBEDDINGS:
        tensors[key] = tensors[key][order].contiguous()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    return folder


def vocabularies_longer_than_embeddings():
    """105 tokens for 100 rows, in another order: those that have rows are matched."""
    beyond = [f"zz{i}" for i in range(5)]
    a = bert("long-a", 0, WORDS + beyond)
    order = [*range(5), *reversed(range(5, 100))]
    b = reordered(a, "long-b", order, [WORDS[i] for i in order] + beyond[::-1])
    braid("merge", a, b, "--no-align", "-o", scratch / "long-m")
    before, after = (load_file(p / "model.safetensors") for p in (a, scratch / "long-m"))
    check(all(torch.equal(before[k], after[k]) for k in before), "A and B are one model, and their mean is another")
    swapped = [*WORDS[:-1], beyond[0], WORDS[-1], *beyond[1:]]
    refuses("merge", a, reordered(a, "long-c", [*range(100)], swapped), "--no-align", "-o", scratch / "x",
            says=["vocabularies", "long-c", beyond[0]])


def a_token_without_a_row_has_no_union():
    a, b = bert("rowless-a", 0, [*WORDS, "zzz"]), bert("rowless-b", 1, [*WORDS[:-1], "yyy"])
    refuses("merge", a, b, "--no-align", "--vocabulary", "union", "-o", scratch / "x",
            says=["'zzz'", "rowless-a: 100", "rowless-b: 100", "resize_token_embeddings"])
    braid("merge", a, b, "--no-align", "--vocabulary", "a", "-o", scratch / "of-a")


def repair_without_a_ridge():
    a, b = bert("ridge-a", 0), bert("ridge-b", 1)
    merge = ["merge", a, b, "--text", text, "--repair", "least-squares", "--repair-ridge", 0]
    refuses(*merge, "--repair-lines", 1, "-o", scratch / "x", says=["units", "tokens", "--repair-ridge"])
    braid(*merge, "-o", scratch / "repaired")  # tokens enough


def a_norm_that_not_all_readers_take_the_bias_of():
    """GPT-2 with a classifier of tokens, which has a bias, and a decoder beside it, which has none."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=60, n_embd=16, n_layer=2, n_head=2, n_positions=32, num_labels=3,
                                     tie_word_embeddings=False, initializer_range=0.3)
    model = transformers.GPT2ForTokenClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    folder, out = scratch / "two-readers", scratch / "two-readers-canonical"
    model.save_pretrained(folder)
    tensors = load_file(folder / "model.safetensors")
    tensors["lm_head.weight"] = torch.randn(60, 16)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    braid("canonicalise", folder, "-o", out)
    ids = torch.randint(0, 60, (2, 9))
    for kind in (transformers.GPT2ForTokenClassification, transformers.GPT2LMHeadModel):
        with torch.no_grad():
            x, y = (kind.from_pretrained(p, dtype=torch.float64).eval()(ids).logits for p in (folder, out))
        check((x - y).abs().max() < 1e-4 * x.abs().max(), f"{kind.__name__}: {(x - y).abs().max()}")


def curves_that_are_flat_but_for_rounding():
    a, b = bert("flat-a", 0), bert("flat-b", 1)
    curve = result("barrier", a, b, "--no-align", "--text", text, "--points", 3)
    for low, high in ((1.0, math.nextafter(1.0, 2)), (2.5, 2.5), (0.0, 5e-324), (1e300, 1e300 * (1 + 2e-16)), (3.1, 3.1000001)):
        file = scratch / "flat.json"
        file.write_text(json.dumps({**curve, "loss": [low, high, low], "loss_a": low, "loss_b": low}))
        done = subprocess.run([BRAID, "report", file, "-o", scratch / "flat.html", "--figures", scratch / "flat"],
                              capture_output=True, text=True, timeout=60)
        drawn = "".join(p.read_text() for p in (scratch / "flat").iterdir())
        check(done.returncode == 0 and "<svg" in drawn and "nan" not in drawn, f"{low} to {high}: {done}")


def json_of_another_kind():
    """Of braid's own files with a value of another kind: the file is named, and no library speaks."""
    a, b = bert("kind-a", 0), bert("kind-b", 1)
    barrier = ["barrier", a, b, "--no-align", "--text", text, "--points", 3]
    curve, file = result(*barrier), scratch / "kind.json"
    for change in ({"loss": ["x", 1, 2]}, {"t": [0, None, 1]}, {"metrics": 3}, {"loss_a": "x"}, {"alignment": 3}):
        file.write_text(json.dumps({**curve, **change}))
        refuses("report", file, "-o", scratch / "kind.html", says=["kind.json"])
        if {"loss", "t", "alignment"} & set(change):
            refuses(*barrier, "--beside", file, says=["kind.json", *change])


def curves_whose_lists_do_not_fit():
    """`report` and `barrier --beside` read the same curves, and name the list that is none."""
    a, b = bert("curve-a", 0), bert("curve-b", 1)
    barrier = ["barrier", a, b, "--no-align", "--text", text, "--points", 3]
    curve, file = result(*barrier), scratch / "curve.json"
    metric = next(iter(curve["metrics"]))
    short = {"metrics": {metric: [1.0, 2.0]}}
    for key, change in (("loss", {"loss": []}), ("loss", {"loss": [1, 2]}), ("loss", {"loss": [1, 2, 3, 4]}),
                        (metric, short), (metric, {"metrics": {metric: []}}), ("loss_a", {"loss_a": None}),
                        (metric, {"metrics_a": {}}), ("exact", {"exact": False}), ("loss[1]", {"loss": [1, math.inf, 2]}),
                        ("t[1]", {"t": [1, 0.5, 0]}), ("t[1]", {"t": [0, 0, 1]}), ("t", {"t": [0, 0.5, 2]}),
                        ("t", {"t": [0.4, 0.5, 0.6]}), ("t[1]", {"t": [0, math.nan, 1]}), ("t", {"t": []}),
                        ("t", {"t": [0], "loss": [1], "metrics": {metric: [1]}})):
        file.write_text(json.dumps({**curve, **change}))
        refuses("report", file, "-o", scratch / "curve.html", says=["curve.json", key])
        refuses(*barrier, "--beside", file, says=["curve.json", key])
    file.write_text(json.dumps(curve))
    braid(*barrier, "--beside", file)
    study = scratch / "curve.yaml"
    study.write_text(f"models: [{a}, {b}]\ntasks: [{{task: mlm, text: {text}, align: {{text: {text}}}}}]\npoints: 3\n"
                     "variants: [{name: plain, align: none}, {name: weights, method: weights}]\n")
    braid("study", study, "-o", scratch / "curves")
    results = json.loads((scratch / "curves/results.json").read_text())
    for key, change in (("loss", {"loss": []}), (metric, short), ("t", {"t": [0, 1], "loss": [1, 2], **short})):
        file.write_text(json.dumps({**results, "curves": [{**results["curves"][0], **change}]}))
        refuses("report", file, "-o", scratch / "curve.html", says=["curve.json", "curves[0]", key])
    broken_results(results, file)


def broken_results(results, file):
    """Without a value of results.json, or with another kind of one: a page, or an error that names the file."""
    refused = 0
    for *above, key in places(results):
        for value in (None, -1):
            changed = copy.deepcopy(results)
            owner = functools.reduce(lambda at, key: at[key], above, changed)
            if value is None:
                del owner[key]
            else:
                owner[key] = value
            file.write_text(json.dumps(changed))
            done = subprocess.run([BRAID, "report", file, "-o", scratch / "page.html"], capture_output=True, text=True)
            check(done.returncode in (0, 2) and "please report" not in done.stderr, f"{above}, {key} is {value}: {done}")
            check(done.returncode == 0 or file.name in done.stderr, f"{above}, {key} is {value}: {done.stderr}")
            refused += done.returncode == 2
    check(refused > 60, f"only {refused} changes were refused")


def places(value, *here):
    """The keys that lead to each value that is not only printed; one of several alike stands for all."""
    one_is_enough = isinstance(value, list) or here[-1:] == ("axes",)
    inside = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    for key, below in inside[:1] if one_is_enough else inside:
        yield *here, key
        like_barrier = here[:1] == ("summary",) and isinstance(below, dict) and key != "barrier"
        if not like_barrier and key not in ("options", "score", "align", "evaluation", "values"):
            yield from places(below, *here, key)


def batches_without_tokens():
    a, b = bert("batch-a", 0), bert("batch-b", 1)
    ones = torch.ones(2, 4, dtype=torch.long)
    for name, says, tensors in (("none", "has no tokens", {"input_ids": ones[:0]}),
                                ("empty", "has no tokens", {"input_ids": ones[:, :0]}),
                                ("negative", "input_ids has -1", {"input_ids": -ones}),
                                ("place", "position_ids has -1", {"input_ids": ones, "position_ids": -ones})):
        file = scratch / f"{name}.safetensors"
        save_file({k: v.contiguous() for k, v in tensors.items()}, file)
        refuses("align", a, b, "--batches", file, "-o", scratch / "x", says=[file.name, says])


def learning_what_stands_beside_maps_inside_heads():
    """Parts whose tensors the maps of the start act on as well; and what would learn nothing."""
    a, b = bert("learn-a", 0), bert("learn-b", 1)
    learned = ["align", a, b, "--method", "learned", "--text", text, "--learn-batch", 4, "--steps"]
    for i, learn in enumerate(("residual", "heads", "shifts", "ffn,heads,in-head,residual,shifts")):
        braid(*learned, 2, "--learn", learn, "-o", scratch / f"learn-{i}")
        braid("transform", b, "--alignment", scratch / f"learn-{i}", "-o", scratch / f"learn-{i}-b")
        braid("verify", b, scratch / f"learn-{i}-b")
    refuses(*learned, 1, "--learning-rate", 0, "-o", scratch / "x", says=["--learning-rate", "nothing"])
    refuses(*learned, 1, "--learn-mask", 0, "-o", scratch / "x", says=["--learn-mask", "nothing to predict"])
    braid(*learned, 3, "--learn-mask", 0.001, "-o", scratch / "seldom")  # no token of a step, by chance
    folder = shutil.copytree(a, scratch / "epsilon")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "layer_norm_eps": -1}))
    refuses("evaluate", folder, "--text", text, says=["epsilon/config.json", "epsilon of norms is -1"])


def precision_is_obeyed_or_refused():
    a, b = bert("wide-a", 0), bert("wide-b", 1)
    learned = ["align", a, b, "--method", "learned", "--start", "weights", "--text", text, "--steps", 3, "--learn-batch", 4]
    axes = {}
    for precision in ("float32", "bfloat16"):
        braid(*learned, "--precision", precision, "-o", scratch / f"{precision}.alignment")
        axes[precision] = json.loads((scratch / f"{precision}.alignment").read_text())["axes"]
        for axis in axes[precision].values():
            axis.pop("seconds", None)
    check(axes["float32"] != axes["bfloat16"], "learned in float32, whatever --precision says")
    healed = ["merge", a, b, "--no-align", "--text", text, "--dev", text, "--heal", 3, "--learn-batch", 4]
    for precision in ("float32", "bfloat16"):
        braid(*healed, "--precision", precision, "-o", scratch / f"healed-{precision}")
    x, y = (load_file(scratch / f"healed-{p}/model.safetensors") for p in ("float32", "bfloat16"))
    check(any(not torch.equal(x[k], y[k]) for k in x), "healed in float32, whatever --precision says")
    refuses("pretrain", "--config", a / "config.json", "--vocab", "train", "--text", text, "--steps", 1, "--seed", 0,
            "--precision", "bfloat16", "-o", scratch / "x", says=["braid COMMAND --help"])


def what_was_chosen_is_what_is_said():
    a, b = bert("said-a", 0), bert("said-b", 1)
    for options in (["--heads", "ignore"], ["--components", "ffn"]):
        done = braid("align", a, b, "--text", text, *options, "-o", scratch / "said", "--overwrite")
        check("maps inside heads" not in done.stderr, f"{options}: {done.stderr}")


with tempfile.TemporaryDirectory() as folder:
    scratch = Path(folder)
    text = scratch / "text.txt"
    text.write_text("\n".join(" ".join(WORDS[5 + (i * 7 + j * (1 + i % 5)) % 95] for j in range(12)) for i in range(40)) + "\n")
    for part in (vocabularies_longer_than_embeddings, a_token_without_a_row_has_no_union, repair_without_a_ridge,
                 a_norm_that_not_all_readers_take_the_bias_of, curves_that_are_flat_but_for_rounding, json_of_another_kind,
                 curves_whose_lists_do_not_fit, batches_without_tokens, learning_what_stands_beside_maps_inside_heads,
                 precision_is_obeyed_or_refused, what_was_chosen_is_what_is_said):
        if not sys.argv[2:] or part.__name__ in sys.argv[2:]:
            part()
print("passed")
