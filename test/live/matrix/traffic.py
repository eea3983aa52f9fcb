"""Real sockets of many network namespaces in one program, so that both ends of a conversation can be compared byte by byte.

It reads one JSON object from standard input and prints one line of JSON for each of its cells:

    {"cells": [{"id": 0, "mtu": 1500, "one": END, "other": END, "probes": ["ping", "udp", "train", "tcp"]}, ...], "tcpBytes": 1000000, "limit_s": 60}
    END = {"namespace": "/run/netns/x", "address": "10.0.0.1"}

    {"id": 0, "ms": 93, "failures": {"udp": "8192 bytes: timed out"}}

When the time is up, the answers for the remaining cells are `"untried": true`. A socket belongs to the namespace in which its thread was when it was made (setns(2)); what is done with it later may be done from
anywhere.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
# linux/udp.h, linux/in.h, linux/in6.h
SOL_UDP, UDP_SEGMENT = 17, 103
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_DONT, PMTUDISC_DO = 10, 23, 0, 2
ECHO = {4: (8, 0), 6: (128, 129)}
HEADERS = {4: 28, 6: 48}  # IP and UDP, or IP and ICMP
PATIENCE_S = 3
TRAIN_BYTES = 1200  # of each datagram, as QUIC has them
LONG = 8192

libc = ctypes.CDLL(None, use_errno=True)
home = os.open("/proc/self/ns/net", os.O_RDONLY)
namespaces = {}
noise = b""


class Spoiled(Exception):
    """Something arrived that was not sent."""


def enter(descriptor):
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def open_socket(end, kind, protocol=0):
    path = end["namespace"]
    if path not in namespaces:
        namespaces[path] = os.open(path, os.O_RDONLY)
    enter(namespaces[path])
    try:
        family = socket.AF_INET6 if ":" in end["address"] else socket.AF_INET
        opened = socket.socket(family, kind, protocol)
    finally:
        enter(home)
    opened.settimeout(PATIENCE_S)
    return opened


def version(cell):
    return 6 if ":" in cell["one"]["address"] else 4


def set_fragmenting(sock, allowed):
    how = PMTUDISC_DONT if allowed else PMTUDISC_DO
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, how)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, how)


def some(size):
    at = int.from_bytes(os.urandom(2), "big")
    return noise[at : at + size]


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1]))
    total += data[-1] << 8 if len(data) & 1 else 0
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ping(cell):
    """Echoes: small, as long as the MTU allows and not to be fragmented, and fragmented."""
    ip = version(cell)
    protocol = socket.IPPROTO_ICMP if ip == 4 else socket.IPPROTO_ICMPV6
    request, reply = ECHO[ip]
    with open_socket(cell["one"], socket.SOCK_RAW, protocol) as sock:
        sock.bind((cell["one"]["address"], 0))
        for number, size in enumerate((56, cell["mtu"] - HEADERS[ip], LONG, 3 * cell["mtu"])):
            set_fragmenting(sock, size > cell["mtu"])
            text = some(size)
            head = struct.pack("!BBHHH", request, 0, 0, os.getpid() & 0xFFFF, number)
            if ip == 4:
                head = struct.pack("!BBHHH", request, 0, checksum(head + text), os.getpid() & 0xFFFF, number)
            with of_size(size):
                sock.sendto(head + text, (cell["other"]["address"], 0))
                await_echo(sock, reply, head[4:] + text, ip)


def await_echo(sock, reply, wanted, ip):
    """Skips what is not ours: a raw socket hears everything, neighbour discovery too."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        data = sock.recv(65535)
        data = data[(data[0] & 15) * 4 :] if ip == 4 else data
        if data[0] != reply or data[4:8] != wanted[:4]:
            continue
        if data[4:] != wanted:
            raise Spoiled("the echo is another one")
        return
    raise TimeoutError("timed out")


@contextlib.contextmanager
def of_size(size):
    """Says which size it was that did not pass."""
    try:
        yield
    except (OSError, Spoiled) as cause:
        raise Spoiled(f"{size} bytes: {cause}") from cause


@contextlib.contextmanager
def datagram_pair(cell):
    with open_socket(cell["one"], socket.SOCK_DGRAM) as one, open_socket(cell["other"], socket.SOCK_DGRAM) as other:
        for sock, end in ((one, "one"), (other, "other")):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind((cell[end]["address"], 0))
        yield one, other


def udp(cell):
    """Datagrams there and back: small, as long as the MTU allows, and fragmented."""
    with datagram_pair(cell) as (one, other):
        for size in (1, 1000, cell["mtu"] - HEADERS[version(cell)], LONG, 3 * cell["mtu"]):
            for sender, receiver in ((one, other), (other, one)):
                set_fragmenting(sender, size > cell["mtu"])
                text = some(size)
                with of_size(size):
                    sender.sendto(text, receiver.getsockname())
                    if receiver.recv(65535) != text:
                        raise Spoiled("the datagram is another one")


def train(cell):
    """Trains of datagrams that the network card is to cut (UDP_SEGMENT), there and back."""
    with datagram_pair(cell) as (one, other):
        for sender, receiver in ((one, other), (other, one)):
            set_fragmenting(sender, False)
            sender.setsockopt(SOL_UDP, UDP_SEGMENT, TRAIN_BYTES)
            text = some(10 * TRAIN_BYTES + 77)
            sender.sendto(text, receiver.getsockname())
            for at in range(0, len(text), TRAIN_BYTES):
                with of_size(f"datagram {at // TRAIN_BYTES} of a train of {TRAIN_BYTES}"):
                    if receiver.recv(65535) != text[at : at + TRAIN_BYTES]:
                        raise Spoiled("the datagram is another one")


def tcp(cell):
    """One connection, in both directions at once."""
    size = cell["tcpBytes"]
    with open_socket(cell["other"], socket.SOCK_STREAM) as listener, open_socket(cell["one"], socket.SOCK_STREAM) as one:
        listener.bind((cell["other"]["address"], 0))
        listener.listen()
        one.connect(listener.getsockname())
        other, _ = listener.accept()
        with other:
            other.settimeout(PATIENCE_S)
            exchange(one, other, some(size), some(size))


def exchange(one, other, there, back):
    failures = []

    def attempt(act, *arguments):
        try:
            act(*arguments)
        except (OSError, Spoiled) as cause:
            failures.append(str(cause))

    threads = [
        threading.Thread(target=attempt, args=arguments)
        for arguments in ((give, one, there), (give, other, back), (take, one, back), (take, other, there))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Spoiled("; ".join(failures))


def give(sock, text):
    sock.sendall(text)
    sock.shutdown(socket.SHUT_WR)


def take(sock, wanted):
    size, digest = 0, hashlib.sha256()
    while True:
        try:
            data = sock.recv(1 << 18)
        except OSError as cause:
            raise Spoiled(f"after {size} bytes: {cause}") from cause
        if not data:
            break
        size += len(data)
        digest.update(data)
    if digest.digest() != hashlib.sha256(wanted).digest():
        raise Spoiled(f"{size} bytes arrived that are not those {len(wanted)} that were sent")


PROBES = {"ping": ping, "udp": udp, "train": train, "tcp": tcp}


def probe_cell(cell):
    begin = time.monotonic()
    failures = {}
    for name in cell["probes"]:
        try:
            PROBES[name](cell)
        except (OSError, Spoiled) as cause:
            failures[name] = str(cause) or type(cause).__name__
    forget_neighbors(cell)
    return {"id": cell["id"], "ms": round((time.monotonic() - begin) * 1000), "failures": failures}


def forget_neighbors(cell):
    """All namespaces of a machine share one table of 1,024 IPv6 neighbors (gc_thresh3); beyond that Linux says EINVAL to who sends."""
    if version(cell) == 4:
        return
    for path in {cell["one"]["namespace"], cell["other"]["namespace"]} & namespaces.keys():
        enter(namespaces[path])
        try:
            subprocess.run(["ip", "-6", "neigh", "flush", "all"], check=False, capture_output=True)
        finally:
            enter(home)


order = json.load(sys.stdin)
noise = os.urandom(order["tcpBytes"] + 65536)
limit = time.monotonic() + order["limit_s"]
for each in order["cells"]:
    if time.monotonic() < limit:
        answer = probe_cell({**each, "tcpBytes": order["tcpBytes"]})
    else:
        answer = {"id": each["id"], "ms": 0, "failures": {}, "untried": True}
    print(json.dumps(answer), flush=True)
