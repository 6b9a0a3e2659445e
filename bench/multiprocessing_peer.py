"""Python's multiprocessing, for `bench/pipes`: does what its standard input says, and prints how often in a second.

A line is a name, a count, and a length (of messages) or a number of workers.
"""

import multiprocessing
import sys
import time

fork = multiprocessing.get_context("fork")


def identity(argument):
    return argument


def receive(connection, count):
    for _ in range(count):
        connection.recv_bytes()
    connection.send_bytes(b"")


def echo(connection, count):
    for _ in range(count):
        connection.send_bytes(connection.recv_bytes())


def with_child(target, count, run):
    ours, theirs = fork.Pipe()
    child = fork.Process(target=target, args=(theirs, count))
    child.start()
    seconds = timed(lambda: run(ours))
    child.join()
    return seconds


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def stream(count, length):
    message = b"x" * length

    def run(connection):
        for _ in range(count):
            connection.send_bytes(message)
        connection.recv_bytes()

    return with_child(receive, count, run)


def round_trip(count, length):
    message = b"x" * length

    def run(connection):
        for _ in range(count):
            connection.send_bytes(message)
            connection.recv_bytes()

    return with_child(echo, count, run)


def pooled(workers, run):
    with fork.Pool(workers) as pool:
        pool.map(identity, range(100))
        return timed(lambda: run(pool))


def apply(count, workers):
    return pooled(workers, lambda pool: [pool.apply(identity, (number,)) for number in range(count)])


def map_single(count, workers):
    return pooled(workers, lambda pool: pool.map(identity, range(count), 1))


def map_default(count, workers):
    return pooled(workers, lambda pool: pool.map(identity, range(count)))


def main():
    runs = {run.__name__: run for run in (stream, round_trip, apply, map_single, map_default)}
    for line in sys.stdin:
        name, count, size = line.split()
        print(int(count) / runs[name](int(count), int(size)), flush=True)


if __name__ == "__main__":
    main()
