#!/usr/bin/env python3
"""Sends a form with files by requests: requests_form.py URL. What it sends is expected in tests/all/forms/clients.rs."""

import sys

import requests

files = [
    ("file", ('a "b"\\\u00e4%.txt', b"1\r\n2\n", "text/plain")),
    ("file", ("data.bin", bytes(range(256)) * 20)),
]
requests.post(sys.argv[1], data={"note": "h\u00e9llo", "empty": ""}, files=files, timeout=30).raise_for_status()
