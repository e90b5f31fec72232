"""What the program writes, and what an option does: as asked, or refused before the work.

Usage: outputs_test.py BRAID EMBEDDED. Ends with a nonzero status on the first failure.
"""
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file
from transformers import BertForMaskedLM

import program
from program import BRAID, braid, check, result

EMBEDDED = Path(sys.argv[2])
A, B = EMBEDDED / "bert-1", EMBEDDED / "bert-2"


def refuses(*arguments, says):
    before = {p: p.stat().st_mtime_ns for p in scratch.rglob("*")}
    done = braid(*arguments, status=2)
    check(says in done.stderr, f"{arguments}: {done.stderr!r} does not say {says!r}")
    check({p: p.stat().st_mtime_ns for p in scratch.rglob("*")} == before, f"{arguments}: changed something")


def start(*arguments, **how):
    return subprocess.Popen([BRAID, *map(str, arguments)], stderr=subprocess.PIPE, text=True, **how)


def inputs_and_what_is_there_stay():
    a = shutil.copytree(A, scratch / "a")
    (scratch / "link").symlink_to(a)
    for out in (a, scratch / "link", scratch / "a/../a"):
        refuses("merge", a, B, "--no-align", "-o", out, "--overwrite", says="would replace an input")
    refuses("interpolate", A, a, "-o", a, "--overwrite", says="would replace an input")
    refuses("canonicalise", a, "-o", a, "--overwrite", says="would replace an input")
    refuses("align", A, B, "--text", text, "-o", text, "--overwrite", says="would replace an input")
    ab = scratch / "ab.alignment"
    align = ["align", A, B, "--text", text, "--lines", 20, "-o", ab]
    braid(*align)
    refuses(*align, says="choose another path or pass --overwrite")
    braid(*align, "--overwrite")
    refuses("transform", a, "--alignment", ab, "-o", a, "--overwrite", says="would replace an input")


def outputs_are_held_against_all_that_is_read_and_written():
    """Before any work: `refuses` looks whether anything changed."""
    a, b = (shutil.copytree(one, scratch / "held" / one.name) for one in (A, B))
    held = scratch / "held"
    curve, study = held / "curve.json", held / "study.yaml"
    words = Path(shutil.copy(text, held / "text.txt"))
    barrier = ["barrier", a, b, "--no-align", "--text", words, "--points", 3, "--lines", 20]
    braid(*barrier, "--json", curve)
    config = held / "config.json"
    shutil.copy(a / "config.json", config)
    (held / "blob").hardlink_to(a / "vocab.txt")
    study.write_text(f"models: [{a}, {b}]\n"
                     f"tasks: [{{task: mlm, text: {held}/o/results.json, align: {{text: {words}}}}}]\n"
                     "variants: [{name: plain, align: none}]\n")
    (held / "o").mkdir()
    shutil.copy(words, held / "o/results.json")
    read, of_a = "would replace an input", "would change the input"
    out = ["-o", held / "m"]
    align = ["align", a, b, "--text", words]
    for says, command in (
            (read, ["evaluate", a, "--text", words, "--json", words]),
            (of_a, ["evaluate", a, "--text", words, "--json", a / "config.json"]),
            (of_a, ["evaluate", a, "--text", words, "--json", a / "added_tokens.json"]),  # would be read from now on
            (of_a, ["verify", a, b, "--json", b / "model.safetensors"]),
            (of_a, ["inspect", a, "--json", held / "blob"]),  # by a link
            (read, [*barrier, "--beside", curve, "--json", curve]),
            (read, [*align, "--moments", words, "-o", held / "x"]),
            ("two outputs", [*align, "--moments", held / "x", "-o", held / "x"]),
            ("two outputs", [*align, "--json", held / "x", "-o", held / "x"]),
            ("two outputs", [*align, "--json", held / "x.state.safetensors", "-o", held / "x"]),
            (of_a, [*align, "-o", a / "vocab.txt", "--overwrite"]),
            ("create it first", [*align, "--json", held / "none/x.json", "-o", held / "x"]),
            ("is inside another", ["merge", a, b, "--text", words, "--save-alignments", held / "m/al", *out]),
            ("two outputs", ["merge", a, b, "--text", words, "--save-alignments", held / "m", *out]),
            ("two outputs", ["merge", a, b, "--text", words, "--json", held / "m.heal.safetensors", *out]),
            ("is inside another", ["merge", a, b, "--text", words, "--json", held / "m/x.json", *out]),
            ("is inside another", ["merge", a, b, "--text", words, "--save-alignments", held, "--json", held / "a.alignment", *out]),
            (read, ["merge", a, b, "--text", words, "--save-alignments", a, *out]),
            (of_a, ["merge", a, b, "--text", words, "--json", a / "config.json", *out]),
            (read, ["pretrain", "--config", config, "--vocab", "train", "--text", words, "--steps", 1, "--seed", 1,
                    "-o", config, "--overwrite"]),
            (of_a, ["finetune", a, "--task", "rte", "--data", words, "--json", a / "vocab.txt", *out]),
            (read, ["report", curve, "-o", curve]),
            ("would replace the input", ["study", study, "-o", held / "o"])):
        refuses(*command, says=says)
    inside = shutil.copytree(a, held / "old")
    shutil.copy(words, inside / "text.txt")
    refuses("merge", a, b, "--text", inside / "text.txt", "-o", inside, "--overwrite", says="would replace the input")
    braid("evaluate", a, "--text", words, "--lines", 20, "--json", a / "scores.json")  # no file of a model's
    braid("align", a, b, "--method", "weights", "-o", a / "ab.alignment")
    braid(*barrier, "--json", held / "b.json")
    braid("report", held / "b.json", "--figures", held)
    (a / "1_Pooling").mkdir()
    (a / "modules.json").write_text('[{"path": "1_Pooling"}]')
    refuses("inspect", a, "--json", a / "1_Pooling/config.json", says=of_a)


def pipes_are_no_files():
    for command in ("evaluate a --text /dev/stdin", "align a b --text /dev/stdin -o x", "merge a b --text /dev/stdin -o x",
                    "merge a b --text text.txt --dev /dev/stdin -o x", "inspect /dev/stdin"):
        command = command.replace(" a ", f" {A} ").replace(" b ", f" {B} ").replace("text.txt", str(text))
        done = subprocess.run(["bash", "-c", f"cat {text} | {BRAID} {command}"], capture_output=True, text=True, cwd=scratch)
        check(done.returncode == 2 and "/dev/stdin: a pipe cannot be read twice" in done.stderr, f"{command}: {done}")


def paths_are_bytes():
    """A folder's name that is no UTF-8 is read, written, said and put into JSON and cards."""
    folder = scratch / os.fsdecode(b"mod\xe8le")
    folder.mkdir()
    a, out = shutil.copytree(A, folder / "a"), folder / os.fsdecode(b"mel\xe9")
    merged = result("merge", a, B, "--text", text, "--lines", 20, "--evaluate-lines", 20, "-o", out)
    check(merged["parents"][0]["path"] == str(folder / "a").replace("\udce8", "\ufffd"), f"said: {merged['parents']}")
    check("base_model" in (out / "README.md").read_text(), "the card")
    renamed = shutil.copytree(out, scratch / "renamed")  # safetensors itself opens no such path
    check(BertForMaskedLM.from_pretrained(renamed).num_parameters() > 0, "transformers does not read it")
    ab, moments = folder / "ab.alignment", folder / os.fsdecode(b"moments\xff")
    braid("align", a, B, "--text", text, "--lines", 20, "--moments", moments, "-o", ab)
    braid("align", a, B, "--from-moments", moments, "-o", ab, "--overwrite")
    braid("transform", B, "--alignment", ab, "-o", folder / "b2")
    curve = folder / os.fsdecode(b"\xfe.json")
    braid("barrier", a, B, "--alignment", ab, "--text", text, "--evaluate-lines", 20, "--points", 3, "--json", curve)
    check(len(json.loads(curve.read_text())["loss"]) == 3, "a curve at such a path")
    result("inspect", ab)
    gone = braid("evaluate", folder / os.fsdecode(b"\xfc"), "--text", text, status=2)
    check(os.fsdecode(b"\xfc") in gone.stderr or "\\xfc" in gone.stderr, f"a missing folder is not named: {gone.stderr}")


def options_are_used_or_refused():
    out = ["-o", scratch / "unused"]
    for option in (["--method", "weights"], ["--in-head", "orthogonal"], ["--components", "ffn"], ["--pool", "max"]):
        refuses("merge", A, B, "--no-align", "--text", text, *option, *out, says=f"{option[0]} is an option of aligning")
        refuses("merge", A, B, "--alignment", scratch / "ab.alignment", *option, *out, says="but with --alignment")
    refuses("inspect", A, B, "--as-table", says="prints the table of one checkpoint")
    refuses("inspect", A, "--as-table", "--json", scratch / "unused.json", says="--json is not used")
    for option in (["--callable", "f.py:f"], ["--alignment", scratch / "ab.alignment"], ["--python", "python"], ["--lines", 1]):
        refuses("verify", A, B, *option, says=f"{option[0]} is not used")
    positions = json.loads((A / "config.json").read_text())["max_position_embeddings"]
    longer = positions + 1
    for command in (["evaluate", A, "--text", text, "--block", longer],
                    ["align", A, B, "--text", text, "--max-length", longer, *out],
                    ["merge", A, B, "--text", text, "--max-length", longer, *out]):
        refuses(*command, says=f"is {longer}, but the model has {positions} positions")
    score = result("evaluate", A, "--text", text)  # mlm, as the model is
    check(score["evaluation"]["task"] == "mlm" and score["evaluation"]["block"] == min(128, positions),
          f"not what was done: {score['evaluation']}")
    alignment = json.loads((scratch / "ab.alignment").read_text())
    check(alignment["options"]["max_length"] == min(512, positions), f"{alignment['options']}")
    braid("merge", A, B, "--no-align", "--shard-size", "5B", "-o", scratch / "billions")
    check((scratch / "billions/model.safetensors").exists(), "5B is five billion bytes")
    for option, value in (("--threads", -1), ("--threads", 10**30), ("--seed", -1), ("--lines", "many")):
        done = braid("evaluate", A, "--text", text, option, value, status=2)
        check(option in done.stderr and len(done.stderr) < 200, f"{option} {value}: {done.stderr}")


def curves_beside_are_of_the_same_measurement():
    other = scratch / "other.txt"
    other.write_text("\n".join(sentences[40:60]) + "\n")
    barrier = ["barrier", A, B, "--no-align", "--points", 3]
    one, two = scratch / "one.json", scratch / "two.json"
    braid(*barrier, "--text", other, "--json", one)
    refuses(*barrier, "--text", text, "--beside", one, says="the curve measures something else: its")
    refuses(*barrier, "--text", other, "--seed", 3, "--beside", one, says="its seed is 0, here it is 3")
    braid(*barrier, "--text", shutil.copy(other, scratch / "same-text.txt"), "--beside", one, "--json", two)


def cards_are_as_the_hub_reads_them():
    aligned, spaced = scratch / "ab.alignment", scratch / "it's a text.txt"
    shutil.copy(text, spaced)
    snapshot = scratch / "hub/models--an-org--a.model/snapshots/0123abc"
    shutil.copytree(B, snapshot)
    braid("merge", A, snapshot, "--text", spaced, "--lines", 20, "-o", scratch / "card")
    braid("merge", A, B, "--alignment", aligned, "--text", spaced, "--dev", scratch / "other.txt", "-o", scratch / "card2")
    braid("transform", B, "--alignment", aligned, "-o", scratch / "card3")
    braid("interpolate", A, scratch / "card3", "-o", scratch / "card4")
    twins = [shutil.copytree(A, scratch / name / "twin") for name in ("x", "y", "u/x")]
    braid("merge", *twins[:2], "--no-align", "-o", scratch / "card5")
    braid("merge", f"{twins[0]}/", *twins[1:], "--no-align", "-o", f"{scratch}/card7/")
    for name, base, tags in (("card", ["bert-1", "an-org/a.model"], ["braid", "merge"]),
                             ("card2", ["bert-1", "bert-2"], ["braid", "merge"]), ("card3", "bert-2", ["braid"]),
                             ("card4", ["bert-1", "card3"], ["braid", "merge"]),
                             ("card5", ["x/twin", "y/twin"], ["braid", "merge"]),
                             ("card7", [f"{scratch.name}-x/twin", "y/twin", "u-x/twin"], ["braid", "merge"])):
        card = ModelCard.load(scratch / name / "README.md")
        found = card.data.base_model if len(card.data.base_model) > 1 or isinstance(base, list) else card.data.base_model[0]
        check((found, card.data.library_name, card.data.tags) == (base, "transformers", tags), f"{name}: {card.data}")
        words = shlex.split(card.text.split("```")[1])
        check(words[0] == "braid" and Path(words[-1]).name == name, f"{name}: not the command: {words}")
    cards = [(scratch / name / "README.md").read_text() for name in ("card", "card2")]
    check(shlex.split(cards[0].split("```")[1])[4:6] == ["--text", str(spaced)], "the command is not quoted")
    check("aligned on this same text" in cards[0] and "same text" not in cards[1], "where the loss was measured")
    check("other.txt" in cards[1], "which text the loss is of")
    learned = scratch / "learned.alignment"
    braid("align", A, B, "--method", "learned", "--start", "weights", "--text", text, "--steps", 2, "-o", learned)
    done = braid("merge", A, B, "--alignment", learned, "--text", text, "-o", scratch / "card6")
    check("aligned by learning on this same text" in done.stdout and "--dev" in done.stdout, done.stdout)
    copy = shutil.copy(text, scratch / "copy.txt")
    fitted = result("merge", A, B, "--no-align", "--text", text, "--dev", copy, "--repair", "rescale", "--heal", 1,
                    "-o", scratch / "card8")["measured_on"]["fitted"]
    check(fitted == ["repaired", "healed"], f"a copy of the text is the same text: {fitted}")


def what_is_doubtful_is_said():
    few = scratch / "few.txt"
    few.write_text(sentences[0] + "\n")
    done = braid("align", A, B, "--text", few, "-o", scratch / "few.alignment")
    check("samples for the 512 units" in done.stderr, f"correlations by chance: {done.stderr}")
    refuses("inspect", A / "model.safetensors", says="a weights file, expected an alignment file")
    refuses("transform", B, "--alignment", A / "model.safetensors", "-o", scratch / "t", says="a weights file, expected an alignment file")


def what_is_not_printed_is_no_success():
    for command in (["inspect", A], ["evaluate", A, "--text", text, "--json", "-"]):
        with open("/dev/full", "w") as full:
            done = start(*command, stdout=full)
            said = done.communicate()[1]
        check(done.returncode == 2 and "could not write the result" in said, f"{command} > /dev/full: {done.returncode} {said}")
        closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", BRAID, *map(str, command)],
                                capture_output=True, text=True)
        check(closed.returncode == 2, f"{command} >&-: exit {closed.returncode} {closed.stderr}")
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", BRAID, "interpolate", str(A), str(B), "-o", str(scratch / "quiet")]
    check(subprocess.run(shell, capture_output=True).returncode == 2, "interpolate >&- printed nothing and said so not")
    load_file(scratch / "quiet/model.safetensors")  # and nothing was printed into it


def streams_that_take_nothing_end_no_work():
    """Closed, full, or with nobody at the other end: an error where a result could not be shown, and never an abort."""
    gone = scratch / "gone.txt"
    merged, shown = f"{BRAID} merge {A} {B} --text {text} --lines 20 --evaluate-lines 20", f"{BRAID} inspect {A}"
    for status, says, command in (
            (2, "", f"{BRAID} evaluate {A} --text {gone} 2>&-"), (2, "", f"{BRAID} evaluate {A} --text {gone} 2>/dev/full"),
            (2, "", f"{BRAID} evaluate {A} --nonsense 2>&-"), (2, "", f"{BRAID} evaluate {A} --nonsense 2>/dev/full"),
            (2, "it is closed", f"{shown} >&-"), (2, "No space left", f"{shown} >/dev/full"),
            (2, "No space left", f"{BRAID} --help >/dev/full"),
            (0, "", f"{shown} 2>&- <&-"), (2, "", f"{shown} >&- 2>&- <&-"),
            (0, "", f"{merged} -o {scratch}/shown 2>&-"), (2, "", f"{merged} -o {scratch}/unshown >&- 2>/dev/full"),
            (2, "No space left", f"{merged} -o {scratch}/json --json {scratch}/json.json >/dev/full")):
        done = subprocess.run(["bash", "-c", f"ulimit -c 0; {command}"], capture_output=True, text=True)
        check(done.returncode == status and says in done.stderr, f"{command}: exit {done.returncode}, {done.stderr!r}")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([BRAID, "inspect", A], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    check(done.returncode == 2 and "Broken pipe" in done.stderr, f"a reader that went away: {done}")
    for name in ("shown", "unshown", "json"):
        load_file(scratch / name / "model.safetensors")
    json.loads((scratch / "json.json").read_text())  # the file does not depend on standard output


def interrupted_work_goes_on():
    """Ctrl-C while learning and while healing: the state is kept, and the result is the same."""
    learned = ["align", A, B, "--text", text, "--method", "learned", "--steps", 300, "--learn-batch", 4]
    healed = ["merge", A, B, "--no-align", "--text", text, "--dev", text, "--heal", 300, "--learn-batch", 4,
              "--evaluate-lines", 20]
    for name, command, state in (("x", learned, ".state.safetensors"), ("m", healed, ".heal.safetensors")):
        braid(*command, "-o", scratch / f"{name}-whole")
        out = scratch / f"{name}-stopped"
        process = start(*command, "-o", out)
        for line in process.stderr:
            if "step 1" in line:
                break
        process.send_signal(signal.SIGSTOP)  # it does not end while another is refused
        refuses(*command, "-o", out, says="being written by another run")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        process.communicate()
        check(process.returncode == 130, f"{name}: exit {process.returncode} after Ctrl-C")
        left = [file for file in os.listdir(scratch) if f"{name}-stopped" in file]
        check(left == [out.name + state], f"{name}: Ctrl-C left {left}")
        said = braid(*command, "-o", out).stderr
        check("resuming from" in said, f"{name}: {said}")
        check(not (scratch / (out.name + state)).exists(), f"{name}: the state was left behind")
        if out.is_dir():
            whole, resumed = (load_file(p / "model.safetensors") for p in (scratch / f"{name}-whole", out))
            check(all(torch.equal(whole[k], resumed[k]) for k in whole), f"{name}: resumed to another result")
        else:
            whole, resumed = (json.loads(p.read_text())["axes"] for p in (scratch / f"{name}-whole", out))
            for axis in [*whole.values(), *resumed.values()]:
                axis.pop("seconds")
            check(whole == resumed, f"{name}: resumed to another alignment")


with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    sentences = program.sentences(A / "vocab.txt", 160)
    text = scratch / "text.txt"
    text.write_text("\n".join(sentences) + "\n")
    for part in (inputs_and_what_is_there_stay, outputs_are_held_against_all_that_is_read_and_written,
                 pipes_are_no_files, paths_are_bytes, options_are_used_or_refused,
                 curves_beside_are_of_the_same_measurement, cards_are_as_the_hub_reads_them, what_is_doubtful_is_said,
                 what_is_not_printed_is_no_success, streams_that_take_nothing_end_no_work, interrupted_work_goes_on):
        if not sys.argv[3:] or part.__name__ in sys.argv[3:]:
            part()
print(f"{program.checks} checks passed")
