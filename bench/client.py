"""A keep-alive client that is just good enough to ask for the same answer again and again."""

import re
import socket
import struct

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

# Closing with a reset leaves no connection in TIME_WAIT to hold its port against the next run.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection:
    """One connection; it learns the length of an answer from the first and expects the same after."""

    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send()
        self.answer_length = self._first_answer()

    def send(self, depth=1):
        self.socket.sendall(REQUEST * depth)

    def read(self, depth=1):
        """Reads whole answers and checks how the first one begins."""
        wanted = depth * self.answer_length
        answers = self._some()
        while len(answers) < wanted:
            answers += self._some()
        if len(answers) > wanted or not answers.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"not the answer that came before: {answers[:200]!r}")

    def close(self):
        self.socket.close()

    def _first_answer(self):
        answer = b""
        while not answer.endswith(b"\r\n\r\nHello, World!"):
            answer += self._some()
        if not re.search(rb"\r\nContent-Length: 13\r\n", answer, re.IGNORECASE):
            raise ConnectionError(f"no Content-Length: 13 in {answer!r}")
        return len(answer)

    def _some(self):
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("the server closed a keep-alive connection")
        return received
