"""The same as src/bin/forks, in Python: `forks_in_python.py process|fork COUNT`."""

import multiprocessing
import os
import statistics
import struct
import sys
import time


def process(begun, writer):
    """multiprocessing.Process, started by a fork."""
    def work():
        os.write(writer, struct.pack("=Q", time.monotonic_ns() - begun))

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    joined = time.monotonic_ns() - begun
    assert child.exitcode == 0
    return joined


def fork(begun, writer):
    """os.fork, without anything around it."""
    child = os.fork()
    if child == 0:
        os.write(writer, struct.pack("=Q", time.monotonic_ns() - begun))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    joined = time.monotonic_ns() - begun
    assert status == 0
    return joined


def main():
    turn, count = {"process": process, "fork": fork}[sys.argv[1]], int(sys.argv[2])
    firsts, joins = [], []
    reader, writer = os.pipe()
    for _ in range(count):
        joins.append(turn(time.monotonic_ns(), writer))
        firsts += struct.unpack("=Q", os.read(reader, 8))
    print(int(statistics.median(firsts)), int(statistics.median(joins)))


main()
