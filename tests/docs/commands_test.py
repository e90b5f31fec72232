"""Every command of the pages, run as it stands there on small models and texts; only sizes are made smaller (SMALLER).

Usage: commands_test.py BRAID SOURCE ASSIGNMENT_BENCHMARK [PAGE...]. Ends with a nonzero status on the first failure.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import program
from program import BRAID, braid, check

SOURCE, ASSIGNMENT_BENCHMARK = Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
PROGRAMS = re.compile(r"(build/)?braid |scripts/|python |cat |cd |for ")  # of blocks that are indented

# In commands, studies and scripts: what takes long -> the same in seconds. Each is of use somewhere.
SMALLER = {
    r"(--steps|--heal) \d+": r"\1 2",
    r"(--lines|--evaluate-lines|--repair-lines) \d+": r"\1 8",
    r"scripts/benchmark$": "scripts/benchmark --smallest",
    r"head -n 1000": "head -n 8",
    r"rev22:21": "gen3:24",  # scripts/bible: 80 verses
    r"^( *)steps: \d+": r"\1steps: 2",
    r"epochs: \d": "epochs: 1",
    r"lines: \d+": "lines: 8",
    r"seeds: .*": "seeds: [1, 2]",
    r"pairs: \[.*": "pairs: all",
    r"pairs: all\nmoments": "pairs: [[seed_0, seed_1]]\nmoments",  # of 25 models
    r"^sizes: .*": "sizes: [4, 8]",
    r"(hidden_size|n_embd)(\"?): \d+": r"\1\2: 32",
    r"(num_hidden_layers|n_layer)(\"?): \d": r"\1\2: 1",
    r"num_attention_heads: \d": "num_attention_heads: 4",
    r"num_key_value_heads: \d": "num_key_value_heads: 2",
    r"(intermediate_size|n_inner)(\"?): \d+": r"\1\2: 24",
    r"vocab_size(\"?): \d+": r"vocab_size\1: 200",
    r"0_000": "00",  # digits for examples/table/mlp.py
    r"epochs=20": "epochs=1",
    r"width=512": "width=64",
}
# What is not run, and why.
BUILDS = "it builds; .ci/run runs it"
NOT_RUN = {
    "scripts/test": "it runs this test",
    "scripts/build tests": BUILDS,
    "scripts/sanitize": BUILDS,
    "scripts/tidy": BUILDS,
    "scripts/check-all": "it runs this test",
    "scripts/fuzz 5": BUILDS,
    "scripts/format": "it changes the sources; .ci/run runs it",
}


def smaller(text):
    for pattern, size in SMALLER.items():
        text, count = re.subn(pattern, size, text, flags=re.M)
        used.update([pattern] if count else [])
    return text


def blocks(page):
    """What a page gives to be typed, each a script: in fences without a language and indented, whole in tables, in a
    study's comments."""
    text = page.read_text()
    if page.suffix == ".yaml":
        return ["".join(re.findall(r"^#   (.+\n)", text, re.M))]
    found = []
    for language, fenced, indented, row in re.findall(
            r"^```(\w*)\n(.*?)^```$|((?:^ {4}[^\n]*\n)+)|^(\|[^\n]*)$", text, re.M | re.S):
        found += re.findall(r"`((?:build/)?braid [^`]+)`", row)
        found += [fenced] * (bool(fenced) and not language)
        if PROGRAMS.match(re.sub(r"^ *#.*\n", "", indented).lstrip()):
            found.append(re.sub(r"^    ", "", indented, flags=re.M))
    return found


def command(line):
    """A line for the shell: what it writes is not there before, and is there then."""
    if line in NOT_RUN:
        passed.add(line)
        return ""
    out = re.search(r" -o (\S+)", line)
    again = not out or "braid study" in line  # which goes on from what is there
    return smaller(line) if again else f"rm -rf {out[1]}\n{smaller(line)}\ntest -e {out[1]}"


def run(block, page):
    """As one shell runs it."""
    lines = re.sub(r"\\\n *", "", re.sub(r"(^|\s+)#.*", "", block, flags=re.M)).rstrip().split("\n")
    script, start = "\n".join(command(line) for line in lines if line), time.time()
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=scratch, env=environment, capture_output=True,
                          text=True)
    check(done.returncode == 0, f"{page.relative_to(SOURCE)}:\n{script}\nexit {done.returncode}\n"
          f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
    for study, options in re.findall(r"build/braid study (\S+)(.*)", script):  # planned at its own size, too
        braid("study", SOURCE / study, *options.replace("--dry-run", "").split(), "--dry-run", cwd=scratch)
    ran.append(block)
    print(f"{time.time() - start:5.1f} s  {page.name}: {next(filter(None, lines))}", flush=True)


def write(name, text):
    (scratch / name).parent.mkdir(parents=True, exist_ok=True)
    (scratch / name).write_text(text)
    (scratch / name).chmod(0o755)


def pretrain(names, *options):
    for seed, name in enumerate(names):
        braid("pretrain", *options, "--text", "TEXT", "--steps", 2, "--seed", seed, "--block", 16, "-o", name, cwd=scratch)


def glue(folder, first, second):
    """The files that are named on the pages, in GLUE's layouts."""
    def table(name, header, row):
        rows = [row.format(i=i, a=a, b=b, label=i % 2, word=("not_entailment", "entailment")[i % 2], score=i % 6)
                for i, (a, b) in enumerate(zip(first, second))]
        for part, some in (("train", rows), ("dev", rows[:16])):
            write(f"{folder}/{name}/{part}.tsv", "\n".join([header] * bool(header) + some) + "\n")
    table("SST-2", "sentence\tlabel", "{a}\t{label}")
    table("CoLA", "", "here\t{label}\t\t{a}")
    table("MRPC", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String", "{label}\t{i}\t{i}\t{a}\t{b}")
    table("RTE", "index\tsentence1\tsentence2\tlabel", "{i}\t{a}\t{b}\t{word}")
    table("MNLI", "index\tsentence1\tsentence2\tgold_label", "{i}\t{a}\t{b}\tneutral")
    table("STS-B", "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore",
          "{i}\tg\tf\t2012\t0\ts\ts\t{a}\t{b}\t{score}")


def make_sentence_encoder(name):
    """Of a masked model's folder: one of sentence-transformers, the mean of the outputs and their direction."""
    weights = load_file(scratch / name / "model.safetensors")
    encoder = {key.removeprefix("bert."): tensor for key, tensor in weights.items() if key.startswith("bert.")}
    encoder |= {"pooler.dense.weight": torch.eye(32), "pooler.dense.bias": torch.zeros(32)}
    save_file(encoder, scratch / name / "model.safetensors", {"format": "pt"})
    config = json.loads((scratch / name / "config.json").read_text())
    write(f"{name}/config.json", json.dumps({**config, "architectures": ["BertModel"]}))
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    write(f"{name}/modules.json", json.dumps([
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds.items())]))
    write(f"{name}/sentence_bert_config.json", json.dumps({"max_seq_length": 32, "do_lower_case": False}))
    write(f"{name}/1_Pooling/config.json", json.dumps({"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True}))
    (scratch / name / "2_Normalize").mkdir()


def copy_project():
    """What commands find beside them, at the sizes of the test; the program is there already."""
    for name in ("examples", "scripts", "benchmarks"):
        shutil.copytree(SOURCE / name, scratch / name)
    for file in [*scratch.glob("examples/*.yaml"), *scratch.glob("scripts/*"), scratch / "examples/embedded/config.json",
                 scratch / "examples/table/mlp.py"]:
        file.write_text(smaller(file.read_text()))
    for name in ("build", "setup"):
        write(f"scripts/{name}", "#!/bin/sh\n")
    (scratch / "build/benchmarks").mkdir(parents=True)
    (scratch / "build/braid").symlink_to(BRAID)
    (scratch / "build/benchmarks/assignment_benchmark").symlink_to(ASSIGNMENT_BENCHMARK)
    for name in ("build/python", "build/python3"):
        write(name, f'#!/bin/sh\nexec "{sys.executable}" -W ignore "$@"\n')


def make_placeholders():
    lines = program.sentences(SOURCE / "examples/embedded/bert-1/vocab.txt", 80)
    for name in ("TEXT", "VALID", "TEXT.txt", "TRAIN.txt", "VALID.txt", "train.txt", "valid.txt", "test.txt", "all.txt",
                 "alignment.txt", "NOVELS/one.txt"):
        write(name, "\n".join(lines) + "\n")
    for name in ("train", "valid", "test", "all"):
        write(f"SHAKESPEARE/{name}.txt", "\n".join(lines[:24]) + "\n")
    for folder in (".", "GLUE"):
        glue(folder, lines, lines[1:] + lines[:1])
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=500, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"]))
    write("GPT2/tokenizer.json", made.to_str())
    write("bert.json", json.dumps({"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 200,
                                   "intermediate_size": 48, "max_position_embeddings": 64}))
    write("config.json", json.dumps({"model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 128,
                                     "tie_word_embeddings": False}))
    pretrain("ABC", "--config", "bert.json", "--vocab", "train")
    pretrain(("GPT-1", "GPT-2"), "--config", "config.json", "--vocab", "GPT2", "--restrict-vocab", "all.txt")
    for of, names in {"A": "CKPT BERT-1 bert-a ENCODER-1 MINILM", "B": "BERT-2 bert-b ENCODER-2", "GPT-1": "g3 g5",
                      "GPT-2": "g2 g4"}.items():
        for name in names.split():
            shutil.copytree(scratch / of, scratch / name)
    for i in range(25):
        shutil.copytree(scratch / "AB"[i % 2], scratch / f"MULTIBERTS/seed_{i}")
    for name in ("ENCODER-1", "ENCODER-2", "MINILM"):
        make_sentence_encoder(name)
    braid("align", "A", "B", "--text", "TEXT", "--moments", "PART2", "-o", "PART2.alignment", cwd=scratch)
    ids = torch.randint(5, 150, (4, 16), generator=torch.Generator().manual_seed(1))
    save_file({"input_ids": ids, "labels": ids.clone()}, scratch / "mlm-batches.safetensors")


def make_tables():
    """docs/tables.md's A and B: MLPs, their table, script and features."""
    for name in "AB":
        shutil.rmtree(scratch / name)
        (scratch / name).mkdir()
    for name, file in (("NET.yaml", "mlp.yaml"), ("net.py", "mlp.py")):
        shutil.copy(scratch / "examples/table" / file, scratch / name)
    for seed, name in enumerate("AB"):
        torch.manual_seed(seed)
        sizes, state, x = (784, 24, 24, 24, 10), {}, torch.rand(50, 784)
        features = {}
        for k in range(4):
            weight, bias = torch.randn(sizes[k + 1], sizes[k]), torch.randn(sizes[k + 1])
            state |= {f"fc{k + 1}.weight": weight, f"fc{k + 1}.bias": bias}
            x = features[f"h{k + 1}"] = torch.relu(x @ weight.T + bias)
        save_file(state, scratch / name / "model.safetensors")
        save_file({k: features[k] for k in ("h1", "h2", "h3")}, scratch / f"{name}-features.safetensors")


def main():
    copy_project()
    make_placeholders()
    pages = [SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", *sorted(SOURCE.glob("docs/*.md")),
             *sorted(SOURCE.glob("examples/*.yaml"))]
    pages = [page for page in pages if len(sys.argv) < 5 or page.name in sys.argv[4:]]
    for page in pages:
        if page.name == "tables.md":
            make_tables()
        for block in blocks(page):
            if block not in ran:
                run(block, page)
    if len(sys.argv) < 5:
        check(passed == set(NOT_RUN), f"in no page any more: {set(NOT_RUN) - passed}")
        check(used == set(SMALLER), f"of no use any more: {set(SMALLER) - used}")
        scripts = list(SOURCE.glob("scripts/*"))
        for file in (*scripts, *SOURCE.glob("benchmarks/*.py"), *SOURCE.glob("examples/*.yaml")):
            texts = [*ran, *NOT_RUN, *(script.read_text() for script in scripts if script != file)]
            check(any(f"{file.parent.name}/{file.name}" in text for text in texts) or file.name == "environment",
                  f"{file.name} is run by no page")


with tempfile.TemporaryDirectory() as folder:
    scratch, used, passed, ran = Path(folder).resolve(), set(), set(), []
    environment = {**os.environ, "PATH": f"{scratch / 'build'}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1",
                   "BRAID_PYTHON": sys.executable, "PYTHONPATH": "", "TMPDIR": folder}
    main()
print(f"{program.checks} checks passed")
