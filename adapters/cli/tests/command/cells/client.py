#!/usr/bin/env python3
"""Clients of one server that behave as no well-behaved one does. Each ends with status 0 if the server was right.

usage: client.py WHAT PLACE, with a PLACE such as tcp:127.0.0.1:80, unix:/run/x, udp:127.0.0.1:80, unix-datagram:/run/x
"""

import os
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

PATIENCE = 20


def connect(place):
    kind, _, address = place.partition(":")
    if kind == "unix":
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(PATIENCE)
        stream.connect(address)
        return stream
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def request(method, target, body=b""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\n{length}\r\n".encode() + body


def response(stream, before=b""):
    """The body of the next response; None if the connection ended before its first byte."""
    data = before
    while b"\r\n\r\n" not in data:
        more = stream.recv(65536)
        if not more:
            assert not data, f"an answer was cut: {data!r}"
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        more = stream.recv(65536)
        assert more, f"an answer was cut: {head!r} {len(body)}"
        body += more
    return head, body


def cut(stream):
    """Closes by a reset, where there is one."""
    if stream.family != socket.AF_UNIX:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


def half_close(place):
    """Says all that it has to say, ends its direction, and still gets all answers."""
    with connect(place) as stream:
        stream.sendall(request("POST", "/upload", b"x" * 100_000) + request("GET", "/download?bytes=300000"))
        stream.shutdown(socket.SHUT_WR)
        data = b""
        while more := stream.recv(65536):
            data += more
    # The second one may come in pieces that say their length.
    assert data.count(b"HTTP/1.1 200 ") == 2 and len(data) > 300_000, data[:400]


def reset(place):
    """Ends within a head, within a body, and within an answer."""
    for data in [b"GET / HT", request("POST", "/upload", b"x" * 100)[:-50], request("GET", "/download?bytes=9000000")]:
        for _ in range(5):
            stream = connect(place)
            stream.sendall(data)
            if data.startswith(b"GET /download"):
                stream.recv(1000)
            cut(stream)


def load(place):
    """Asks on several connections until the server is gone. Prints a line once it is at work. What was answered was answered whole."""
    answered, lock = [], threading.Lock()
    faults = []

    def client(number):
        try:
            while True:
                try:
                    stream = connect(place)
                except (ConnectionRefusedError, FileNotFoundError, ConnectionResetError):
                    return
                with stream:
                    try:
                        for count in range(20):
                            post = (number + count) % 2
                            stream.sendall(request("POST", "/upload", b"x" * 2000) if post else request("GET", "/reading"))
                            got = response(stream)
                            if got is None:
                                break
                            assert got[0].startswith(b"HTTP/1.1 200 "), got
                            with lock:
                                answered.append(1)
                                if len(answered) == 200:
                                    print("at work", flush=True)
                            if b"\r\nconnection: close" in got[0].lower():
                                break
                    # As it is when a server ends while a request is on its way to it.
                    except (ConnectionResetError, BrokenPipeError):
                        pass
        except Exception as fault:
            faults.append(f"{type(fault).__name__}: {fault}")

    threads = [threading.Thread(target=client, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def echo(stream, data, pause=0):
    """What comes back of it, to the end."""

    def send():
        stream.sendall(data)
        stream.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    received = bytearray()
    while more := stream.recv(65536):
        received += more
        time.sleep(pause)
    sender.join()
    return bytes(received)


def echo_parallel(place):
    """Several at a time, of whom one does not hurry."""
    faults = []

    def client(number):
        try:
            data = bytes((number + index) % 251 for index in range(1000)) * (500 if number else 200)
            with connect(place) as stream:
                assert echo(stream, data, 0 if number else 0.01) == data
        except Exception as fault:
            faults.append(f"{type(fault).__name__}: {fault}")

    threads = [threading.Thread(target=client, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def echo_reset(place):
    """Ends while data is on its way in both directions."""
    for _ in range(10):
        stream = connect(place)
        stream.sendall(b"x" * 100_000)
        stream.recv(1000)
        cut(stream)


def datagrams(place):
    """Several peers, each of which gets its own back: of any length, also none. One that is lost is sent again."""
    kind, _, address = place.partition(":")
    with tempfile.TemporaryDirectory() as folder:
        peers = []
        for number in range(8):
            if kind == "udp":
                host, _, port = address.rpartition(":")
                peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                peer.connect((host, int(port)))
            else:
                peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                peer.bind(f"{folder}/{number}")
                os.chmod(f"{folder}/{number}", 0o666)
                peer.connect(address)
            peers.append(peer)
        for count in range(20):
            for number, peer in enumerate(peers):
                data = bytes([number, count]) * [0, 1, 100, 15_000][count % 4]
                deadline = time.monotonic() + PATIENCE
                while time.monotonic() < deadline:
                    peer.send(data)
                    if select.select([peer], [], [], 1)[0]:
                        received = peer.recv(65536)
                        # An answer that was late is of the same bytes.
                        assert received == data, (number, count, len(received))
                        break
                else:
                    raise AssertionError(f"nothing came back: {number} {count}")
                while select.select([peer], [], [], 0)[0]:
                    peer.recv(65536)


def hold(place):
    """Holds more connections than there are descriptors for. Then it lets go of them, and soon another one is answered.
    Until then a server may say that it cannot, or end the connection."""
    streams = []
    for _ in range(60):
        stream = connect(place)
        stream.sendall(b"GET /rea")
        streams.append(stream)
    time.sleep(0.1)
    for stream in streams:
        stream.close()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with connect(place) as stream:
            try:
                stream.sendall(request("GET", "/reading"))
                got = response(stream)
            except (ConnectionResetError, BrokenPipeError):
                got = None
            if got and got[0].startswith(b"HTTP/1.1 200 "):
                return
            assert not got or got[0].startswith(b"HTTP/1.1 503 "), got
    raise AssertionError("nobody is answered any more")


if __name__ == "__main__":
    signal.alarm(60)
    globals()[sys.argv[1].replace("-", "_")](sys.argv[2])
