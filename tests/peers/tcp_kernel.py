#!/usr/bin/env python3
"""Brings connections of the running kernel to each state, and sends each kind of segment to them.

Run it in a network namespace of its own: unshare -rn python3 tcp_kernel.py. The peer of each connection is this program, on
the other end of a TUN device. It prints a line for each state and segment, by the names of `wirenut::tcp::state`:

    STATE OPEN KIND SEQUENCE ACKNOWLEDGEMENT: NEXT SENT

With status 77 it says that there is no TUN device here, or that it may not be used.
"""

import fcntl
import os
import select
import socket
import struct
import sys

OURS, THEIRS = "192.0.2.1", "192.0.2.2"
IRS = 1000
WINDOW = 65535
FIN, SYN, RST, ACK = 1, 2, 4, 16
STATES = ["Closed", "Listen", "SynSent", "SynReceived", "Established", "FinWait1", "FinWait2", "CloseWait", "Closing",
          "LastAck", "TimeWait"]
KINDS = ["Rst", "Syn", "NewSyn", "Fin", "Text", "Empty"]
SEQUENCES = ["Old", "InOrder", "Ahead", "Beyond"]
ACKNOWLEDGEMENTS = ["Absent", "Old", "New", "Fin", "Unacceptable"]
# The kernel's numbers, as /proc/net/tcp has them.
NUMBERS = {1: "Established", 2: "SynSent", 3: "SynReceived", 4: "FinWait1", 5: "FinWait2", 6: "TimeWait", 8: "CloseWait",
           9: "LastAck", 11: "Closing", 12: "SynReceived"}
# What was sent without an acknowledgement stays so for longer than a case takes: 200 ms at least.
QUIET_SECONDS = 0


def main():
    try:
        wire = Wire()
    except OSError as error:
        print(f"no TUN device: {error}", file=sys.stderr)
        sys.exit(77)
    number = 0
    for state in STATES:
        for way in {"SynReceived": ["Passive", "Active"], "SynSent": ["Active"]}.get(state, ["Passive"]):
            for kind in KINDS:
                for sequence in SEQUENCES:
                    for acknowledgement in ACKNOWLEDGEMENTS:
                        number += 1
                        lab = Lab(wire, number)
                        try:
                            lab.bring_to(state, way)
                            here = lab.state()
                            if here != state:
                                sys.exit(f"{here} instead of {state} ({way})")
                            result = lab.try_segment(state, kind, sequence, acknowledgement)
                        finally:
                            lab.close()
                        if result:
                            print(f"{state} {way} {kind} {sequence} {acknowledgement}: {result}")


class Wire:
    """The far end of the kernel's only link."""

    def __init__(self):
        self.device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.device, 0x400454CA, struct.pack("16sH22x", b"lab0", 0x1001))  # TUNSETIFF, a TUN without a header
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for request, address in ((0x8916, THEIRS), (0x891C, "255.255.255.0")):  # SIOCSIFADDR, SIOCSIFNETMASK
            place = struct.pack("16sHH4s8x", b"lab0", socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(control, request, place)
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lab0", 0x41))  # SIOCSIFFLAGS: up, running
        for name in ("tcp_timestamps", "tcp_sack", "tcp_window_scaling", "tcp_ecn", "tcp_invalid_ratelimit"):
            with open(f"/proc/sys/net/ipv4/{name}", "w") as setting:
                setting.write("0")

    def put(self, packet):
        os.write(self.device, packet)

    def take(self):
        """What comes until it is quiet."""
        packets = []
        while select.select([self.device], [], [], QUIET_SECONDS)[0]:
            packets.append(os.read(self.device, 2000))
        return packets


class Lab:
    """One connection of the kernel, and the numbers of both ends."""

    def __init__(self, wire, number):
        self.wire, self.ours, self.theirs = wire, 10000 + number, 30000 + number
        self.listener = self.socket = None
        self.iss = self.unacknowledged = self.send_next = 0
        self.receive_next = IRS
        self.was_open = False

    def close(self):
        for one in (self.socket, self.listener):
            if one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.close()
        self.wire.take()

    def state(self):
        """That of the connection; where there is none, whether somebody listens."""
        if self.socket:
            number = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
            # Of what is over, or waits, the socket knows nothing.
            if number in NUMBERS:
                return NUMBERS[number]
        with open("/proc/net/tcp") as lines:
            for line in list(lines)[1:]:
                _, local, remote, number, *_ = line.split()
                if (int(local[9:], 16), int(remote[9:], 16)) == (self.theirs, self.ours):
                    return NUMBERS[int(number, 16)]
        return "Listen" if self.listener and not self.was_open else "Closed"

    def listen(self):
        self.listener = socket.socket()
        self.listener.bind((THEIRS, self.theirs))
        self.listener.listen()

    def take(self):
        """The segments that came: flags, and whether with text."""
        segments = []
        for packet in self.wire.take():
            if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
                continue
            segment = packet[(packet[0] & 15) * 4:]
            source, target, sequence, _, offset, flags = struct.unpack("!HHIIBB", segment[:14])
            if (source, target) != (self.theirs, self.ours):
                continue
            text = len(segment) - (offset >> 4) * 4
            if flags & SYN:
                self.iss = self.unacknowledged = sequence
            if not flags & RST:
                self.send_next = max(self.send_next, sequence + text + bool(flags & SYN) + bool(flags & FIN))
            segments.append((flags, text))
        return segments

    def put(self, flags, sequence, acknowledgement, text=b""):
        if acknowledgement is not None:
            flags |= ACK
        length = 20 + len(text)
        segment = struct.pack("!HHIIBBHHH", self.ours, self.theirs, sequence & 0xFFFFFFFF, (acknowledgement or 0) & 0xFFFFFFFF,
                              5 << 4, flags, 1000, 0, 0) + text
        addresses = socket.inet_aton(OURS) + socket.inet_aton(THEIRS)
        total = checksum(addresses + struct.pack("!HH", socket.IPPROTO_TCP, length) + segment)
        segment = segment[:16] + struct.pack("!H", total) + segment[18:]
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, socket.IPPROTO_TCP, 0) + addresses
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        self.wire.put(header + segment)
        return self.take()

    def say(self, flags, acknowledgement):
        """Our next segment, which acknowledges up to there."""
        self.put(flags, self.receive_next, acknowledgement)
        self.receive_next += bool(flags & SYN) + bool(flags & FIN)
        if acknowledgement is not None:
            self.unacknowledged = acknowledgement

    def shut(self):
        self.socket.shutdown(socket.SHUT_WR)
        self.take()

    def bring_to(self, state, way):
        if state == "Closed":
            return
        if way == "Passive":
            self.listen()
            if state == "Listen":
                return
            self.say(SYN, None)
        else:
            self.socket = socket.socket()
            self.socket.setblocking(False)
            self.socket.bind((THEIRS, self.theirs))
            self.socket.connect_ex((OURS, self.ours))
            self.take()
            if state == "SynSent":
                return
            self.say(SYN, None)
        if state == "SynReceived":
            return
        self.say(0, self.iss + 1)
        self.was_open = True
        self.socket = self.listener.accept()[0]
        if state in ("FinWait2", "TimeWait"):
            self.shut()
            self.say(0, self.send_next)
            if state == "TimeWait":
                self.say(FIN, self.send_next)
            return
        if state in ("CloseWait", "LastAck"):
            self.say(FIN, self.iss + 1)
        self.socket.send(b"x")
        self.take()
        if state in ("FinWait1", "Closing", "LastAck"):
            self.shut()
        if state == "Closing":
            self.say(FIN, self.iss + 1)

    def try_segment(self, state, kind, sequence, acknowledgement):
        is_finished = state in ("FinWait1", "FinWait2", "Closing", "LastAck", "TimeWait")
        is_all_acknowledged = state in ("FinWait2", "TimeWait")
        if acknowledgement == "New" and is_all_acknowledged or acknowledgement == "Fin" and not is_finished:
            return None
        if kind == "NewSyn":
            # Where it is more than a SYN; then somebody must listen.
            if state != "TimeWait" or sequence == "Old" or acknowledgement != "Absent":
                return None
            self.was_open = False
        elif state == "TimeWait":
            self.listener.close()
            self.listener = None
        numbers = {"Absent": None, "Old": self.unacknowledged - is_all_acknowledged, "New": self.unacknowledged + 1,
                   "Fin": self.send_next, "Unacceptable": self.send_next + 100}
        place = {"Old": -1, "InOrder": 0, "Ahead": 2, "Beyond": 4 * WINDOW}[sequence]
        flags = {"Rst": RST, "Syn": SYN, "NewSyn": SYN, "Fin": FIN}.get(kind, 0)
        text = b"t" if kind == "Text" else b""
        sent = self.put(flags, self.receive_next + place, numbers[acknowledgement], text)
        return f"{self.state()} {'+'.join(word(*segment) for segment in sent) or '-'}"


def word(flags, text):
    if flags & RST:
        return "RST"
    if flags & SYN:
        return "SYN,ACK" if flags & ACK else "SYN"
    if flags & FIN:
        return "FIN"
    return "data" if text else "ACK"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


if __name__ == "__main__":
    main()
