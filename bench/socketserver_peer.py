"""Python's socketserver, answering as the canned server does: `socketserver_peer.py ADDR:PORT iterative|forking|threading`.

It looks for the end of the head and for "Connection: close", and decides nothing else.
"""

import socket
import socketserver
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nServer: python\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"


class Handler(socketserver.BaseRequestHandler):
    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self):
        head = b""
        while received := self.request.recv(65536):
            head += received
            while b"\r\n\r\n" in head:
                request, _, head = head.partition(b"\r\n\r\n")
                self.request.sendall(ANSWER)
                if b"Connection: close" in request:
                    return


class Quiet:
    allow_reuse_address = True
    request_queue_size = 4096
    # A forking server of Python's waits for a child once there are so many.
    max_children = 64

    def handle_error(self, _request, _address):
        pass  # a client that goes is nothing to tell


class Iterative(Quiet, socketserver.TCPServer):
    pass


class Forking(Quiet, socketserver.ForkingMixIn, socketserver.TCPServer):
    pass


class Threading(Quiet, socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


def main():
    address, model = sys.argv[1:]
    host, _, port = address.rpartition(":")
    servers = {"iterative": Iterative, "forking": Forking, "threading": Threading}
    with servers[model]((host, int(port)), Handler) as server:
        server.serve_forever()


main()
