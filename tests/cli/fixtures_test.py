"""The program against what the authors' own code computes on the fixtures (../shared/fixtures/README.md).

Permutations equal wherever the optimum is unique, objectives to 1e-6 relative, losses on the fixed
batches to 1e-4, curves to 1e-3. Standard library only. Usage: fixtures_test.py BRAID FIXTURES [--few]

--few: every alignment and every decoder, but not each with each.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

# golden run -> (align options, barrier options)
ALL = ["--components", "ffn,attention,residual,head"]
PAPER = ["--components", "ffn,attention,head"]
RESIDUAL = ["--components", "residual,head"]
RUNS = {
    "vanilla": (None, []),
    "ffn": (["--components", "ffn,head"], []),
    "attention": (["--components", "attention,head"], []),
    "ffn+attention": (PAPER, []),
    "ffn+attention,monotonic": (PAPER + ["--heads", "monotonic"], []),
    "ffn+attention,ignore": (PAPER + ["--heads", "ignore"], []),
    "ffn+attention,qk": (PAPER + ["--qk", "separate"], []),
}
DECODERS = {
    "released decoder W@U": ["--decoder", "released-wrong-direction"],
    "untied decoder W@U^T": ["--decoder", "untied"],
    "tied, exact": [],
}
repeated = set()  # another run has the alignment, and another the decoder
for i, where in enumerate(("first", "last", "all")):
    for j, (name, decoder) in enumerate(DECODERS.items()):
        RUNS[f"residual,{where} ({name})"] = (RESIDUAL + ["--residual", where], decoder)
        RUNS[f"all,{where} ({name})"] = (ALL + ["--residual", where], decoder)
        repeated |= {f"residual,{where} ({name})"} if i != j else set()
        repeated |= {f"all,{where} ({name})"} if (i + 2) % 3 != j else set()
SEPARATE = RESIDUAL + ["--residual", "separate"]
RUNS["residual,separate (released decoder W@U)"] = (SEPARATE, DECODERS["released decoder W@U"])
RUNS["residual,separate (untied decoder W@U^T; not a symmetry)"] = (
    SEPARATE, DECODERS["untied decoder W@U^T"])
repeated.add("residual,separate (released decoder W@U)")


# Every fifth point of the golden curve, but for these: all 21 and the barrier over them.
WHOLE = {"vanilla", "ffn+attention", "residual,first (released decoder W@U)",
         "all,first (tied, exact)"}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: exit {done.returncode}: {done.stderr}"
    return done.stdout


def close(found, expected, tolerance):
    return abs(found - expected) <= tolerance


def main():
    braid, fixtures = sys.argv[1], Path(sys.argv[2])
    if not fixtures.is_dir():
        print(f"SKIPPED: {fixtures} does not exist")
        return 77
    golden = json.loads((fixtures / "golden.json").read_text())
    a, b = fixtures / "bert-a", fixtures / "bert-b"
    batches = ["--batches", fixtures / "mlm-batches.safetensors"]
    problems, differing = [], 0

    def check(holds, message):
        if not holds:
            problems.append(message)

    missing = set(golden["runs"]) - set(RUNS)
    check(not missing, f"golden runs that are not checked: {missing}")
    runs = [name for name in golden["runs"] if name in RUNS and not ("--few" in sys.argv and name in repeated)]
    alignments = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in runs:
            expected = golden["runs"][name]
            align, decoder = RUNS[name]
            path = ["--no-align"]
            if align is not None:
                file = Path(scratch) / "alignment.json"
                key = tuple(align)
                if key not in alignments:
                    run(braid, "align", a, b, "--preset", "paper", "--text",
                        fixtures / "alignment.txt", *align, "-o", file, "--overwrite")
                    alignments[key] = file.read_text()
                file.write_text(alignments[key])
                axes = json.loads(alignments[key])["axes"]
                for axis, wanted in expected.get("axes", {}).items():
                    if axis not in axes:
                        check(False, f"{name}: no axis {axis}")
                        continue
                    found = axes[axis]
                    objective = wanted.get("objective", found["objective"])  # query_key has none
                    check(close(found["objective"], objective, 1e-6 * abs(objective)),
                          f"{name}: {axis}: objective {found['objective']}, golden {objective}")
                    if found["indices"] != wanted["indices"]:
                        differing += 1
                        # Only a tie within the tolerance of the golden sums may differ.
                        units = sum(x != y for x, y in zip(found["indices"], wanted["indices"]))
                        check(units <= 4, f"{name}: {axis}: {units} units elsewhere")
                path = ["--alignment", file]
            points = 21 if name in WHOLE else 5
            curve = json.loads(run(braid, "barrier", a, b, *path, *decoder, *batches,
                                   "--points", points, "--json", "-"))
            check(close(curve["loss_a"], golden["loss_a"], 1e-4), f"{name}: loss_a")
            check(close(curve["loss_b"], golden["loss_b"], 1e-4), f"{name}: loss_b")
            check(close(curve["loss"][-1], expected["end_b"], 1e-3),
                  f"{name}: end {curve['loss'][-1]}, golden {expected['end_b']}")
            if points == 21:
                check(close(curve["barrier"], expected["barrier"], 1e-3),
                      f"{name}: barrier {curve['barrier']}, golden {expected['barrier']}")
            wanted = expected["loss"][::20 // (points - 1)]
            worst = max(abs(x - y) for x, y in zip(curve["loss"], wanted))
            check(worst <= 1e-3, f"{name}: curve off by {worst}")
            print(f"{name}: {points} points within {worst:.1e}", flush=True)
    print(f"{len(runs)} of {len(golden['runs'])} runs, {differing} permutations differ from golden within ties")
    for problem in problems:
        print("FAILED:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
