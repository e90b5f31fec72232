"""braid as a process, for the tests of the program: the first argument of a test is the binary."""
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

BRAID = str(Path(sys.argv[1]).resolve())
checks = 0
signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored, as behind a shell's &


def check(holds, message):
    global checks
    checks += 1
    if not holds:
        sys.exit(f"FAILED: {message}")


def braid(*arguments, status=0, cwd=None):
    done = subprocess.run([BRAID, *map(str, arguments)], capture_output=True, text=True,
                          errors="surrogateescape", cwd=cwd)
    check(done.returncode == status,
          f"braid {' '.join(map(str, arguments))}: exit {done.returncode}, expected {status}: {done.stdout} {done.stderr}")
    return done


def killed_at_rename(number, *arguments, cwd=None):
    """Did the run die in the place of putting file `number` in its place, as tests/stop_at_rename.cpp has it?"""
    surroundings = {**os.environ, "LD_PRELOAD": os.environ["BRAID_STOP_AT_RENAME"], "STOP_AT_RENAME": str(number)}
    done = subprocess.run([BRAID, *map(str, arguments)], capture_output=True, cwd=cwd, env=surroundings)
    check(done.returncode in (0, -signal.SIGKILL), f"exit {done.returncode} of a run that was killed: {done.stderr}")
    return done.returncode != 0


def result(*arguments):
    return json.loads(braid(*arguments, "--json", "-").stdout)


def sentences(vocabulary, count, seed=1):
    """Of 18 words of a vocabulary file each."""
    words = [w for w in Path(vocabulary).read_text().split() if w.isalpha() and len(w) > 2]
    generator = random.Random(seed)
    return [" ".join(generator.choices(words, k=18)) for _ in range(count)]
