"""What the scripts need from the system around them: programs, bounds, tables."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

INSTALL = pathlib.Path(__file__).resolve().parent.parent / ".ci/install"


def ensure(*programs):
    """Installs the programs that are missing, or says which and stops."""
    # nginx lies in /usr/sbin, which is not in everybody's path.
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    install = subprocess.run([INSTALL, *programs], stdin=subprocess.DEVNULL)
    if install.returncode:
        sys.exit(install.returncode)


def bound_time(seconds, what):
    """Says how long the script takes at most, and ends it then; Ctrl-C and SIGTERM end it as cleanly."""
    print(f"{what}; at most {seconds:.0f} s", file=sys.stderr, flush=True)

    def stop(number, _frame):
        raise SystemExit(f"stopped by {signal.Signals(number).name}")

    # Raised in the main thread, so that every `with` puts its server away.
    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    signal.alarm(int(seconds) + 1)


def allow_descriptors(count):
    """Raises the limit of open descriptors for this process and for those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))
    except (OSError, ValueError):
        sys.exit(f"{count} open descriptors are needed; the limit is {hard} (ulimit -Hn)")


def count_instructions(program, *arguments):
    """How many instructions a run of `program --count` with these arguments takes, under valgrind."""
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, "--count", *map(str, arguments)],
            capture_output=True, text=True, check=True).stderr
    return int(re.search(r"Collected : (\d+)", output).group(1))


def wait_until(condition, seconds, what):
    """Looks again every few milliseconds; raises TimeoutError with `what` in the end."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.005)


def print_table(header, rows):
    """Prints Markdown: the first column to the left, the others to the right."""
    print("| " + " | ".join(header) + " |")
    print("|---|" + "---:|" * (len(header) - 1))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)
