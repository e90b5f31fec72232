"""Runs a differential over folders that are drawn: each is judged, differences are shown, and a table ends it."""

import argparse
import collections
import pathlib
import random
import shutil
import tempfile


def run(description, folders, verdicts, draw, prepare, judge):
    """Status: did any differ? `draw(rng, number)`: (row of the table, folder, what it is in words); `prepare(scratch)`:
    once before; `judge(program, folder, path, scratch)`: (verdict, reason), the last verdict being the difference."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("program")
    parser.add_argument("--folders", type=int, default=folders)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="where folders go that differ")
    options = parser.parse_args()
    rng, differs = random.Random(options.seed), verdicts[-1]
    table, reasons = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        prepare(scratch)
        for number in range(options.folders):
            row, folder, what = draw(rng, number)
            path = scratch / str(number)
            folder.write(path)
            verdict, reason = judge(options.program, folder, path, scratch)
            table[row, verdict] += 1
            if verdict == differs:
                print(f"{number}: {what}: {reason}")
                if options.keep:
                    shutil.copytree(path, options.keep / str(number), dirs_exist_ok=True)
            elif reason:
                reasons[verdict, reason] += 1
            shutil.rmtree(path)
    total = {v: sum(n for key, n in table.items() if key[1] == v) for v in verdicts}
    print(f"{'folders':30}" + "".join(f"{v:>19}" for v in verdicts))
    for row in sorted({key[0] for key in table}):
        print(f"{row:30}" + "".join(f"{table[row, v]:19}" for v in verdicts))
    print(f"{'all':30}" + "".join(f"{total[v]:19}" for v in verdicts))
    for (verdict, reason), count in sorted(reasons.items(), key=lambda item: (item[0][0], -item[1])):
        print(f"{verdict:20}{count:5}  {reason}")
    return total[differs] > 0
