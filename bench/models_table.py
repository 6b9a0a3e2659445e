"""The servers of `models` and `slow_handler`: ours under each model, and their peers."""

import sys
from pathlib import Path

import servers

HERE = Path(__file__).resolve().parent
MODELS = f"{servers.BINARIES}/models {{address}}"
PEER = f"{sys.executable} {HERE}/socketserver_peer.py {{address}}"
NGINX = "nginx -p {folder} -e stderr -c {folder}/config"
TWO_WORKERS = servers.NGINX_CONFIG.replace("master_process off;", "worker_processes 2;")
HYPER = servers.Server("hyper", f"{servers.BINARIES}/hello_hyper {{address}}", binary="hello_hyper")


def ours(name, *count):
    return servers.Server(name, " ".join([MODELS, name, *map(str, count)]), binary="models")


def python(name):
    return servers.Server(f"Python, {name}", f"{PEER} {name}")


# The first of each group is what the others are compared with. Behind it: does it serve many at a time?
GROUPS = [
    [(python("iterative"), False), (ours("iterative"), False)],
    [(python("forking"), True), (ours("forking", 256), True)],
    [(python("threading"), True), (ours("threading", 256), True), (ours("pre-threaded", 256), True)],
    [(servers.Server("nginx, 2 workers", NGINX, TWO_WORKERS), True), (HYPER, True),
     (ours("pre-forked", 2), True), (ours("multiplexed", 1), True), (ours("multiplexed", 2), True)],
]


def many_at_a_time():
    """Those whose handlers can block, and serve many connections at a time."""
    return [ours("forking", 256), ours("threading", 256), ours("pre-threaded", 256), ours("pre-forked", 2),
            ours("multiplexed", 1), ours("multiplexed", 2), HYPER]


def name_of(server):
    count = server.command.rpartition(" ")[2]
    return f"{server.name}, {count}" if server.binary == "models" and count.isdigit() else server.name
