"""What /proc tells of a server and of all the processes it has started."""

import os
from pathlib import Path


def tree(pid):
    """The process and all its descendants that are alive."""
    found = [pid]
    for parent in found:  # grows while it is walked
        for task in tasks(parent):
            try:
                found += map(int, (task / "children").read_text().split())
            except FileNotFoundError:
                pass  # ended meanwhile
    return found


def tasks(pid):
    """The threads of one process, as folders of /proc."""
    return list(Path(f"/proc/{pid}/task").glob("*"))


def cpu_nanoseconds(pid):
    """User and system CPU time so far, by thread, of the whole tree.

    schedstat counts what the scheduler gave to a thread, in nanoseconds. It is the sum of user and
    system time that /proc/PID/stat shows in ticks of 10 ms.
    """
    return {
        int(task.name): int((task / "schedstat").read_text().split()[0])
        for process in tree(pid)
        for task in tasks(process)
    }


def cpu_spent(before, after):
    """Nanoseconds between two readings; a thread that ended in between has taken its figure along."""
    gone = before.keys() - after.keys()
    if gone:
        raise RuntimeError(f"{len(gone)} threads ended during the measurement; it does not hold")
    return sum(after.values()) - sum(before.values())


def cpu_seconds_with_ended(pid):
    """User and system CPU time so far of the tree, with its threads and children that have ended and were reaped.

    In ticks of 10 ms, so for loads of seconds.
    """
    total = 0
    for process in tree(pid):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it is among its parent's children that have ended
        # utime, stime, cutime and cstime: proc(5) counts from the state as the third.
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def written_bytes(pid):
    """Memory the tree has written to, in bytes, each page counted once (Pss_Dirty).

    Heap, stacks, static data and shared memory, whole pages of 4 KiB; neither code nor memory that
    was reserved and never touched, and nothing of the kernel's (sockets, epoll, page tables).
    """
    return 1024 * sum(
        int(line.split()[1])
        for process in tree(pid)
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss_Dirty:")
    )
