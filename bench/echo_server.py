"""The echo server of `bench/echo` in Python: one thread, `selectors` and `socket`. Arguments: PROTOCOL ADDRESS."""

import contextlib
import selectors
import socket
import sys

# As in the servers it is compared with.
ROOM, DATAGRAM_ROOM, BACKLOG = 16 * 1024, 1 << 16, 128


def main():
    protocol, address = sys.argv[1:]
    if protocol == "unix":
        family, address = socket.AF_UNIX, address
    else:
        host, _, port = address.rpartition(":")
        family, address = socket.AF_INET, (host, int(port))
    listener = socket.socket(family, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
    listener.bind(address)
    listener.setblocking(False)
    name = listener.getsockname()
    print(protocol, name if protocol == "unix" else f"{name[0]}:{name[1]}", flush=True)
    selector = selectors.DefaultSelector()
    if protocol == "udp":
        selector.register(listener, selectors.EVENT_READ, echo_datagrams)
    else:
        listener.listen(BACKLOG)
        selector.register(listener, selectors.EVENT_READ, accept)
    while True:
        for key, _ in selector.select():
            key.data(selector, key.fileobj)


def accept(selector, listener):
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _ = listener.accept()
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ, echo)


def echo(selector, connection):
    received = connection.recv(ROOM)
    if not received:
        selector.unregister(connection)
        connection.close()
        return
    unsent = received[connection.send(received):]
    if unsent:
        selector.modify(connection, selectors.EVENT_WRITE, Unsent(unsent))


class Unsent:
    """What there was no room for is sent before more is received."""

    def __init__(self, unsent):
        self.unsent = unsent

    def __call__(self, selector, connection):
        self.unsent = self.unsent[connection.send(self.unsent):]
        if not self.unsent:
            selector.modify(connection, selectors.EVENT_READ, echo)


def echo_datagrams(_, server):
    with contextlib.suppress(BlockingIOError):
        while True:
            server.sendto(*server.recvfrom(DATAGRAM_ROOM))


if __name__ == "__main__":
    main()
