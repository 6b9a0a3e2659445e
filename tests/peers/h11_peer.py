#!/usr/bin/env python3
"""What h11 reads. Frames come on standard input, and a line of JSON for each goes to standard output.

A frame is a line with what a stream holds (`requests`, `response to GET`, `response to HEAD`), a comma and the stream's
length; and the stream, which the peer then ends.
"""

import json
import sys

import h11


def main():
    source = sys.stdin.buffer
    while line := source.readline():
        kind, length = line.decode().split(", ")
        print(json.dumps(read(kind, source.read(int(length)))), flush=True)


def read(kind, stream):
    steps = []
    refused = None
    try:
        if kind == "requests":
            read_requests(stream, steps)
        else:
            read_response(kind.split()[-1], stream, steps)
    except h11.RemoteProtocolError as error:
        refused = str(error)
    return {"steps": steps, "refused": refused}


def read_requests(stream, steps):
    """All requests, each answered at its end."""
    connection = h11.Connection(h11.SERVER)
    for event in events(connection, stream, steps):
        if isinstance(event, h11.Request):
            # A tunnel is not what is tested here.
            status = 405 if event.method == b"CONNECT" else 200
        elif isinstance(event, h11.EndOfMessage):
            connection.send(h11.Response(status_code=status, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()


def read_response(method, stream, steps):
    """The final response. What follows it is not looked at."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    for event in events(connection, stream, steps):
        if isinstance(event, h11.EndOfMessage):
            return


def events(connection, stream, steps):
    """What the connection reads in the stream and in its end, noted."""
    content = b""
    has_ended = False
    connection.receive_data(stream)
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA and not has_ended:
            has_ended = True
            connection.receive_data(b"")
        elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            return
        elif isinstance(event, h11.Request):
            version = minor(event.http_version)
            steps.append(["head", f"{text(event.method)} {text(event.target)} {version}", fields(event.headers)])
        elif isinstance(event, h11.Response):
            steps.append(["head", str(event.status_code), fields(event.headers)])
        elif isinstance(event, h11.Data):
            content += event.data
        elif isinstance(event, h11.EndOfMessage):
            steps.append(["end", text(content), fields(event.headers)])
            content = b""
        yield event


def minor(version):
    """What is not 1.0 is read as 1.1 (RFC 9110 §2.5)."""
    return text(version) if version[:2] != b"1." or version == b"1.0" else "1.1"


def fields(headers):
    return [[text(name), text(value)] for name, value in headers]


def text(some):
    """Each byte as the character of its number."""
    return bytes(some).decode("latin-1")


main()
