"""The servers that are measured: how each is started and put away. All scripts take them from here."""

import contextlib
import dataclasses
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import client
import tools

REPOSITORY = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "release"
SERVER_CPU, LOAD_CPU = 0, 1


@dataclasses.dataclass
class Server:
    """In `command` and `config`, {address} is ADDR:PORT, {port} its PORT and {folder} an empty folder of the run."""

    name: str
    command: str
    config: str = ""
    binary: str = ""  # of this package; the server is left out while it is not built
    is_secure: bool = False  # it speaks TLS: that it listens is enough


# Enough connections for `idle_memory`; no log, and no limit that would close a connection. The worker
# without its master: they would share no work, and a worker whose master is killed lives on.
NGINX_CONFIG = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr crit;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    default_type text/plain;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address} backlog=4096;
        location / {{ return 200 "Hello, World!"; }}
    }}
}}
"""

# The first is the floor that the others are compared with.
SERVERS = [
    Server("canned", f"{BINARIES}/canned {{address}}", binary="canned"),
    Server("nginx", "nginx -p {folder} -e stderr -c {folder}/config", NGINX_CONFIG),
    Server("wirenut", f"{BINARIES}/hello_wirenut {{address}}", binary="hello_wirenut"),
    Server("tokio", f"{BINARIES}/hello_tokio {{address}}", binary="hello_tokio"),
    Server("hyper", f"{BINARIES}/hello_hyper {{address}}", binary="hello_hyper"),
]

# Those that are measured where nobody says which.
USUAL = ["canned", "nginx", "wirenut"]


def add_arguments(parser):
    """The choice of servers, the same for every script."""
    parser.add_argument("--servers", metavar="NAME,…", type=lambda names: names.split(","),
                        default=USUAL,
                        help="which to measure (default: canned,nginx,wirenut)")
    parser.add_argument("--also", metavar="NAME=COMMAND", action="append", default=[],
                        help="measure one more, or another command for a name of the list; "
                             "{address} in it becomes ADDR:PORT")


def chosen(arguments):
    """The servers asked for; those that are not built are left out with a line that says so."""
    servers = {server.name: server for server in SERVERS if server.name in arguments.servers}
    unknown = set(arguments.servers) - servers.keys()
    if unknown:
        sys.exit(f"no such server: {', '.join(sorted(unknown))}")
    for addition in arguments.also:
        name, _, command = addition.partition("=")
        servers[name] = Server(name, command)
    if "nginx" in servers:
        tools.ensure("nginx")
    built = [server for server in servers.values() if is_built(server)]
    return built or sys.exit("no server is left to measure")


def is_built(server):
    if not server.binary or (BINARIES / server.binary).exists():
        return True
    print(f"{server.name} is left out: {BINARIES / server.binary} is missing "
          f"(cargo build --release -p wirenut-bench)", file=sys.stderr, flush=True)
    return False


@contextlib.contextmanager
def running(server, wrapper=(), patience=10):
    """Starts a server pinned on SERVER_CPU, waits for its first answer, ends it whatever happens.

    Gives its process id and its port. `wrapper` is a command that runs the server's command.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="wirenut-bench-") as folder:
        words = {"address": f"127.0.0.1:{port}", "port": port, "folder": folder}
        (Path(folder) / "config").write_text(server.config.format(**words))
        process = subprocess.Popen(
            # The server dies with this script even if that is killed.
            ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(SERVER_CPU), *wrapper,
             *shlex.split(server.command.format(**words))],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            # Out of reach of the terminal's Ctrl-C: it is ended below, after the measurement.
            start_new_session=True)
        try:
            tools.wait_until(lambda: answers(process, server, port), patience,
                             f"{server.name} gave no answer in {patience} s")
            yield process.pid, port
        finally:
            end(process)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(process, server, port):
    if process.poll() is not None:
        raise RuntimeError(f"{server.name} ended at once with status {process.returncode}")
    try:
        (socket.create_connection(("127.0.0.1", port)) if server.is_secure else client.Connection(port)).close()
    except ConnectionRefusedError:
        return False
    return True


def end(process):
    """Asks the whole process group to end, then makes it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        # Under valgrind on a busy machine the end takes its time.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(TimeoutError):
            # Workers may outlive their parent by a moment.
            tools.wait_until(lambda: not group_exists(process.pid), 2, "")
            return


def group_exists(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
