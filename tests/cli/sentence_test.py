"""Sentence encoders: folders of sentence-transformers in and out, judged by that library's embeddings.

Usage: sentence_test.py BRAID EMBEDDED. Ends with a nonzero status on the first failure.
"""
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from scipy.stats import pearsonr, spearmanr
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from transformers import BertForMaskedLM

import program
from program import braid, check, result

warnings.filterwarnings("ignore")
EMBEDDED = Path(sys.argv[2])
WIDTH, LONGEST = 128, 24


def encoder(name, source, modes, normalised=True):
    """As the library saves it, in float32 with the tokenizer's files."""
    plain = scratch / f"{source}-float32"
    if not plain.exists():
        shutil.copytree(EMBEDDED / source, plain)
        BertForMaskedLM.from_pretrained(EMBEDDED / source, dtype=torch.float32).save_pretrained(plain)
    modules = [Transformer(str(plain), max_seq_length=LONGEST), Pooling(WIDTH, pooling_mode=modes)]
    SentenceTransformer(modules=modules + ([Normalize()] if normalised else []), device="cpu").save(str(scratch / name))
    return scratch / name


def embeddings(folder, sentences):
    return SentenceTransformer(str(folder), device="cpu").encode(sentences, batch_size=7)


def theirs(folder):
    """Loss, Spearman and Pearson of the library's embeddings."""
    first, second = (embeddings(folder, [pair[k] for pair in pairs]) for k in (0, 1))
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosines, scores = (first * second).sum(1) / norms, [pair[2] for pair in pairs]
    return {"loss": np.mean((cosines - np.array(scores) / 5) ** 2), "spearman": spearmanr(cosines, scores)[0],
            "pearson": pearsonr(cosines, scores)[0]}


def same_as_theirs(folder):
    score = result("evaluate", folder, "--task", "sts", "--data", data)
    check(score["scored"] == len(pairs), f"{folder.name}: {score['scored']} pairs")
    for key, wanted in theirs(folder).items():
        found = score["loss"] if key == "loss" else score["metrics"][key]
        check(abs(found - wanted) < 2e-5, f"{folder.name}: {key} {found}, sentence-transformers {wanted}")
    return score


def every_pooling():
    for modes in ("mean", "cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken", ("cls", "mean"),
                  ("max", "cls")):
        for normalised in (True, False):
            name = "-".join([modes] if isinstance(modes, str) else modes) + ("-normal" if normalised else "")
            same_as_theirs(encoder(name, "bert-1", modes, normalised))
    old = shutil.copytree(scratch / "cls-mean", scratch / "old")  # as files of before 2026 say it
    flags = {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False,
             "pooling_mode_max_tokens": True}
    (old / "1_Pooling/config.json").write_text(json.dumps(flags))
    (old / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 9, "do_lower_case": False}))
    same_as_theirs(old)
    none = shutil.copytree(scratch / "cls-mean", scratch / "none")
    (none / "1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": WIDTH}))
    same_as_theirs(none)


def every_setting():
    """Each key that the library reads: as it does, or refused by its name."""
    transformer, other = "sentence_bert_config.json", "config_sentence_transformers.json"
    tried = [(transformer, {key: value}) for key, value in (
        ("max_seq_length", 6), ("max_seq_length", None), ("tokenizer_args", {"model_max_length": 6}),
        ("processor_kwargs", {"model_max_length": 6}), ("processor_kwargs", {"do_lower_case": False}),
        ("processing_kwargs", {"text": {"max_length": 6, "truncation": True}}), ("config_args", {"hidden_act": "relu"}),
        ("config_kwargs", {"num_hidden_layers": 1}), ("model_args", {"attn_implementation": "eager"}),
        ("transformer_task", "fill-mask"), ("query_length", 5), ("unpad_inputs", False), ("a_key", 1))]
    tried += [(f"sentence_{kind}_config.json", {"max_seq_length": 6}) for kind in ("roberta", "xlnet")]
    tried += [(other, {key: value}) for key, value in (
        ("truncate_dim", 4), ("truncate_dim", None), ("similarity_fn_name", "dot"), ("prompts", {"q": "query: "}),
        ("requirements", {}), ("a_key", 1))]
    tried += [("1_Pooling/config.json", {"include_prompt": False}), ("1_Pooling/config.json", {"a_key": 1}),
              ("2_Normalize/config.json", {"module_output_name": "token_embeddings"})]
    outcomes = {}
    for number, (file, change) in enumerate(tried):
        folder, key = shutil.copytree(scratch / "mean-normal", scratch / f"setting-{number}"), next(iter(change))
        path = folder / file
        if file.startswith("sentence_") and file != transformer:
            (folder / transformer).unlink()
        content = json.loads(path.read_text()) if path.exists() else {}
        if "processor_kwargs" in change or "tokenizer_args" in change:
            content.pop("max_seq_length", None)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content | change))
        done = program.subprocess.run([program.BRAID, "evaluate", folder, "--task", "sts", "--data", data],
                                      capture_output=True, text=True)
        outcomes[file, key] = outcomes.get((file, key), ()) + (done.returncode,)
        if done.returncode:
            named = key in done.stderr and file.split("/")[0] in done.stderr
            check(done.returncode == 2 and named, f"{change}: {done.stderr}")
        else:
            same_as_theirs(folder)
    for key in ((transformer, "max_seq_length"), (transformer, "tokenizer_args"), (transformer, "unpad_inputs"),
                ("sentence_roberta_config.json", "max_seq_length"), (other, "similarity_fn_name"), (other, "prompts")):
        check(set(outcomes[key]) == {0}, f"{key}: refused")


def a_transformer_alone():
    """A cross-encoder is the classifier that it is without modules.json."""
    folder = scratch / "cross"
    CrossEncoder(str(scratch / "bert-1-float32"), num_labels=1, device="cpu").save_pretrained(str(folder))
    check((folder / "modules.json").exists(), "the library no longer writes modules.json for it")
    score = ["--task", "stsb", "--data", data]
    found = result("evaluate", folder, *score)
    braid("inspect", folder)
    braid("merge", folder, folder, "--no-align", "-o", scratch / "cross-merged")
    check((scratch / "cross-merged/modules.json").exists(), "modules.json is not copied")
    rows = "".join(f"{a}\t{b}\tentailment\n" for a, b, _ in pairs[:8])
    (scratch / "rte.tsv").write_text("sentence1\tsentence2\tlabel\n" + rows)
    braid("finetune", scratch / "mean-normal", "--task", "rte", "--data", scratch / "rte.tsv", "--epochs", 1, "-o",
          scratch / "tuned")
    check(not (scratch / "tuned/modules.json").exists(), "a classifier is no sentence encoder")
    (folder / "modules.json").unlink()
    check(found["loss"] == result("evaluate", folder, *score)["loss"], "modules.json of a cross-encoder changes its loss")


def encoders_of_other_lengths():
    a, b = scratch / "mean-normal", shutil.copytree(scratch / "mean-normal", scratch / "longer")
    settings = json.loads((b / "sentence_bert_config.json").read_text())
    (b / "sentence_bert_config.json").write_text(json.dumps(settings | {"max_seq_length": 2 * LONGEST}))
    done = braid("merge", a, b, "--no-align", "-o", scratch / "lengths")
    check(f"max_seq_length is {LONGEST}" in done.stderr and str(2 * LONGEST) in done.stderr, f"not said: {done.stderr}")


def scores_have_a_scale():
    a, shares = scratch / "mean-normal", scratch / "shares.tsv"
    shares.write_text("sentence1\tsentence2\tscore\n" + "".join(f"{x}\t{y}\t{s / 5}\n" for x, y, s in pairs))
    refuses("evaluate", a, "--task", "sts", "--data", shares, says="--score-range")
    found = result("evaluate", a, "--task", "sts", "--data", shares, "--score-range", "0,1")["loss"]
    check(abs(found - theirs(a)["loss"]) < 2e-5, f"scores to 1: loss {found}")
    refuses("evaluate", a, "--task", "sts", "--data", data, "--score-range", "0,1", says="the score is")


def aligned_and_merged():
    a, b = scratch / "mean-normal", encoder("b", "bert-2", "mean")
    sentences = [pair[0] for pair in pairs]
    ends = theirs(a), theirs(b)
    files = lambda folder: {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    for name, options in (("weights", ["--method", "weights"]), ("activations", ["--text", text]),
                          ("pairs", ["--task", "sts", "--data", data, "--in-head", "permutation"])):
        file = scratch / f"{name}.alignment"
        alignment = result("align", a, b, *options, "-o", file)
        check("x" not in alignment["axes"], f"{name}: the embedding's units were moved")
        braid("transform", b, "--alignment", file, "-o", scratch / name)
        braid("verify", b, scratch / name)
        gap = np.abs(embeddings(b, sentences) - embeddings(scratch / name, sentences)).max()
        check(gap < 1e-5, f"{name}: sentence-transformers' embeddings change by {gap}")
        curve = result("barrier", a, b, "--alignment", file, "--task", "sts", "--data", data, "--points", 3)
        for found, wanted in zip((0, -1), ends):
            check(abs(curve["loss"][found] - wanted["loss"]) < 2e-5 and
                  abs(curve["metrics"]["spearman"][found] - wanted["spearman"]) < 1e-4, f"{name}: an end moved: {curve}")
        merged = scratch / f"{name}-merged"
        braid("merge", a, b, "--alignment", file, "--task", "sts", "--data", data, "-o", merged)
        check(files(merged) >= files(a), f"not in the merged folder: {files(a) - files(merged)}")
        score = same_as_theirs(merged)
        check(abs(score["loss"] - curve["loss"][1]) < 2e-5, f"{name}: the middle of the curve is another model")
    done = braid("align", a, b, "--text", text, "--components", "residual", "-o", scratch / "moved.alignment")
    check("another order" in done.stderr, f"coordinates move without a note: {done.stderr}")
    braid("transform", b, "--alignment", scratch / "moved.alignment", "-o", scratch / "moved")
    order = json.loads((scratch / "moved.alignment").read_text())["axes"]["x"]["indices"]
    gap = np.abs(embeddings(b, sentences)[:, order] - embeddings(scratch / "moved", sentences)).max()
    check(gap < 1e-5, f"neighbours: sentence-transformers' embeddings in another order differ by {gap}")


def refuses(*arguments, says):
    done = braid(*arguments, status=2)
    check(says in done.stderr, f"{arguments}: {done.stderr!r} does not say {says!r}")


def what_computes_something_else():
    a = scratch / "mean-normal"
    score = ["--task", "sts", "--data", data]
    refuses("evaluate", EMBEDDED / "bert-1", *score, says="modules.json")
    refuses("merge", a, scratch / "cls-normal", "--no-align", "-o", scratch / "n", says="modules.json")
    refuses("merge", a, scratch / "mean", "--no-align", "-o", scratch / "n", says="normalise")
    refuses("evaluate", a, "--task", "sts", "--text", text, says="sentence1, sentence2, score")

    def changed(name, file, change):
        folder = shutil.copytree(a, scratch / name)
        content = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps(change(content)))
        return folder

    dense = changed("dense", "modules.json", lambda m: m + [{"idx": 3, "name": "3", "path": "3_Dense", "type":
                                                             "sentence_transformers.models.Dense"}])
    refuses("merge", dense, a, "--no-align", "-o", scratch / "n", says="Dense")
    early = changed("early", "modules.json", lambda m: [m[0], m[2], m[1]])
    refuses("evaluate", early, *score, says="Normalize as module 1")
    for path in ("", "none"):
        two = changed("two" + path, "modules.json", lambda m: [{**m[0], "path": path}, m[0]])
        refuses("evaluate", two, *score, says="Transformer as module 1" if not path else "the Transformer is in")
    nose = changed("nose", "1_Pooling/config.json", lambda c: {**c, "pooling_mode": "nose"})
    refuses("evaluate", nose, *score, says="weightedmean")
    lower = changed("lower", "sentence_bert_config.json", lambda c: {**c, "do_lower_case": True})
    refuses("evaluate", lower, *score, says="do_lower_case")
    prompt = changed("prompt", "config_sentence_transformers.json",
                     lambda c: {**c, "prompts": {"q": "query: "}, "default_prompt_name": "q"})
    refuses("evaluate", prompt, *score, says="'query: '")


def main():
    lines = program.sentences(EMBEDDED / "bert-1/vocab.txt", 120)
    text.write_text("\n".join(lines) + "\n")
    generator = np.random.default_rng(0)
    for i in range(90):
        first, second = lines[i], lines[i + generator.integers(1, 9)]
        pairs.append((first, second, float(np.round(generator.uniform(0, 5), 2))))
    rows = [f"{i}\t{a}\t{b}\t{score}" for i, (a, b, score) in enumerate(pairs)]
    data.write_text("index\tsentence1\tsentence2\tscore\n" + "\n".join(rows) + "\n")
    every_pooling()
    every_setting()
    a_transformer_alone()
    encoders_of_other_lengths()
    scores_have_a_scale()
    aligned_and_merged()
    what_computes_something_else()


with tempfile.TemporaryDirectory() as folder:
    scratch = Path(folder)
    text, data, pairs = scratch / "text.txt", scratch / "sts.tsv", []
    main()
print(f"{program.checks} checks passed")
