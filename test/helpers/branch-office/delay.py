"""Holds back every packet of one TUN device, always for as long, and gives it to another one.

Its arguments are both devices' names and the milliseconds. It prints a line when they are there;
from then on whoever started it may move one of them to another namespace.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
MOST_PACKET_BYTES = 65536
# Sleeping is late by some tens of microseconds; the rest of a wait is spent looking at the clock.
AWAKE_SECONDS = 0.00008


def open_tun(name):
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def run_before_others():
    """Others keep the processors busy, and a delay that depends on them would be a measure of them."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        os.nice(-10)


def read_all(source, waiting, delay):
    """Takes in what is there now."""
    while True:
        try:
            packet = os.read(source, MOST_PACKET_BYTES)
        except BlockingIOError:
            return
        waiting.append((time.monotonic() + delay, packet))


def write_due(target, waiting):
    """Gives on what has waited long enough; a device that is down or full loses it, as a link would."""
    while waiting and waiting[0][0] <= time.monotonic():
        try:
            os.write(target, waiting.popleft()[1])
        except OSError:
            pass


def main():
    source_name, target_name, delay_ms = sys.argv[1:]
    source, target = open_tun(source_name), open_tun(target_name)
    delay = float(delay_ms) / 1000
    run_before_others()
    print("ready", flush=True)
    waiting = collections.deque()
    while True:
        timeout = None
        if waiting:
            timeout = max(0, waiting[0][0] - time.monotonic() - AWAKE_SECONDS)
        select.select([source], [], [], timeout)
        read_all(source, waiting, delay)
        write_due(target, waiting)


main()
