#!/usr/bin/env python3
"""What httplint and REDbot find in the answers of `wirenut serve`, and html5lib in its pages.

    http_lint.py HOST:PORT [USER:PASSWORD]

The server serves the tree that adapters/cli/tests/command/linters.rs makes, with --precompressed, --compress and --upload; or,
where a user is named, with --auth. Each note has its line:
who says it, of which answer, how bad it is, what it says. The exit status is 1 where a warning or worse has no reason in
EXPLAINED, where a reason there is not needed any more, or where a page is not valid HTML.
"""

import base64
import configparser
import socket
import sys
import time

import html5lib
import thor
from httplint import HttpRequestLinter, HttpResponseLinter
from redbot.resource import HttpResource

BROWSER = "Accept: text/html, */*;q=0.5\r\n"
FORM = (
    '--x\r\nContent-Disposition: form-data; name="replace"\r\n\r\n1\r\n'
    '--x\r\nContent-Disposition: form-data; name="file"; filename="form.txt"\r\n\r\nnew\r\n--x--\r\n'
)
MULTIPART = "Content-Type: multipart/form-data; boundary=x\r\n"

# The name of an answer, the request line, its fields, the status, and what is sent.
ANSWERS = [
    ("file", "GET /dir/a.txt", "", 200),
    ("file, head", "HEAD /dir/a.txt", "", 200),
    ("range", "GET /script.js", "Range: bytes=1-9\r\n", 206),
    ("ranges", "GET /script.js", "Range: bytes=1-9, 30-39\r\n", 206),
    ("range beyond", "GET /script.js", "Range: bytes=99999-\r\n", 416),
    ("not modified", "GET /script.js", "If-None-Match: *\r\n", 304),
    ("condition failed", "GET /script.js", 'If-Match: "x"\r\n', 412),
    ("gzip", "GET /script.js", "Accept-Encoding: gzip\r\n", 200),
    ("gzip, not modified", "GET /script.js", "Accept-Encoding: gzip\r\nIf-None-Match: *\r\n", 304),
    ("cached for ever", "GET /app-0a1b2c3d.css", "", 200),
    ("index", "GET /page/", "", 200),
    ("listing", "GET /dir/", "", 200),
    ("listing, hostile names", "GET /names/", "", 200),
    ("listing, head", "HEAD /dir/", "", 200),
    ("listing, not modified", "GET /dir/", "If-None-Match: *\r\n", 304),
    ("listing, sorted", "GET /dir/?sort=size&order=desc", "", 200),
    ("redirect, page", "GET /dir", BROWSER, 301),
    ("redirect, text", "GET /dir", "", 301),
    ("missing, page", "GET /missing", BROWSER, 404),
    ("missing, text", "GET /missing", "", 404),
    ("missing, head", "HEAD /missing", BROWSER, 404),
    ("malformed, page", "GET /%zz", BROWSER, 400),
    ("compressed", "GET /dir/a.txt", "Accept-Encoding: gzip\r\n", 200),
    ("compressed, head", "HEAD /dir/a.txt", "Accept-Encoding: gzip\r\n", 200),
    ("compressed, not modified", "GET /dir/a.txt", "Accept-Encoding: gzip\r\nIf-None-Match: *\r\n", 304),
    ("created, text", "PUT /new/a.txt", "", 201, "new"),
    ("created, page", "PUT /new/b.txt", BROWSER, 201, "new"),
    ("replaced", "PUT /new/a.txt", "", 204, "newer"),
    ("not created, page", "PUT /none/a.txt", BROWSER, 409, "new"),
    ("not created, condition", "PUT /new/a.txt", "If-None-Match: *\r\n", 412, "new"),
    ("not created, hidden", "PUT /.env", "", 403, "new"),
    ("form, text", "POST /new/", MULTIPART, 303, FORM),
    ("form, page", "POST /new/", MULTIPART + BROWSER, 303, FORM),
    ("form, foreign", "POST /new/", MULTIPART + BROWSER + "Origin: http://b\r\n", 403, FORM),
    ("form, none", "POST /new/", BROWSER, 415, FORM),
    ("method, page", "DELETE /dir/a.txt", BROWSER, 405),
    ("method, text", "DELETE /dir/a.txt", "", 405),
]
RESOURCES = ["/dir/a.txt", "/script.js", "/app-0a1b2c3d.css", "/page/", "/dir/", "/dir", "/missing"]

USER_ANSWERS = [
    ("stranger, page", "GET /dir/a.txt", BROWSER, 401),
    ("stranger, text", "GET /dir/a.txt", "", 401),
    ("stranger, head", "HEAD /dir/a.txt", "", 401),
    ("user, file", "GET /dir/a.txt", "{credentials}", 200),
    ("user, not modified", "GET /dir/a.txt", "{credentials}If-None-Match: *\r\n", 304),
    ("user, listing", "GET /dir/", "{credentials}", 200),
    ("user, missing", "GET /missing", "{credentials}", 404),
]

# A note, the answers that have it, and why it stays.
EXPLAINED = {
    "FRESHNESS_HEURISTIC": (
        ("file", "range", "gzip", "compressed", "user, file", "index", "/dir/a.txt", "/script.js", "/page/"),
        "without --cache nothing is said of how long files are fresh: the user decides",
    ),
    "PARTIAL_WITHOUT_RANGE": (
        ("ranges",),
        "a multipart answer must not have a Content-Range beside those of its parts (RFC 9110 15.3.7.2)",
    ),
    "STATUS_BAD_REQUEST": (("malformed",), "it is malformed on purpose"),
}


class Report:
    def __init__(self):
        self.needed = set()
        self.count = 0
        self.failures = 0

    def add(self, linter, name, notes):
        for note in notes:
            kind, level = type(note).__name__, note.level.name
            self.count += 1
            verdict = level
            if level in ("WARN", "BAD"):
                answers, why = EXPLAINED.get(kind, ((), ""))
                if name.startswith(answers):
                    self.needed.add(kind)
                    verdict = f"{level} ({why})"
                else:
                    self.failures += 1
            print(f"{linter}: {name}: {verdict}: {kind}: {note.summary}")
            self.add(linter, name, note.subnotes)

    def fail(self, text):
        self.failures += 1
        print(text)


def main():
    if len(sys.argv) not in (2, 3) or ":" not in sys.argv[1]:
        sys.exit(__doc__)
    authority = sys.argv[1]
    report = Report()
    if len(sys.argv) == 3:
        token = base64.b64encode(sys.argv[2].encode()).decode()
        for name, request, fields, status in USER_ANSWERS:
            fields = fields.format(credentials=f"Authorization: Basic {token}\r\n")
            lint(report, authority, name, request, fields, status)
        print(f"{report.count} notes on {len(USER_ANSWERS)} answers to users, {report.failures} failures")
        sys.exit(1 if report.failures else 0)
    for name, request, fields, status, *content in ANSWERS:
        lint(report, authority, name, request, fields, status, *content)
    check(report, authority)
    for kind in EXPLAINED:
        if kind not in report.needed:
            report.fail(f"{kind} is explained, and nobody said it")
    print(f"{report.count} notes on {len(ANSWERS)} answers and {len(RESOURCES)} resources, {report.failures} failures")
    sys.exit(1 if report.failures else 0)


def lint(report, authority, name, request, fields, status, content=None):
    """What httplint says of one answer, byte for byte as it was sent."""
    method, target = request.split(" ")
    if content is not None:
        fields += f"Content-Length: {len(content)}\r\n"
    head = f"{request} HTTP/1.1\r\nHost: {authority}\r\n{fields}Connection: close\r\n\r\n"
    answer = ask(authority, head + (content or ""))
    head, content = answer.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    version, code, phrase = lines[0].split(b" ", 2)
    if int(code) != status:
        report.fail(f"httplint: {name}: the status is {code.decode()}, and not {status}")
    asked = HttpRequestLinter()
    asked.process_request_topline(method.encode(), target.encode(), b"1.1")
    asked.process_headers(pairs(fields.encode().split(b"\r\n")))
    linter = HttpResponseLinter(start_time=time.time(), _related=asked, no_content=method == "HEAD")
    linter.base_uri = f"http://{authority}{target}"
    linter.process_response_topline(version.removeprefix(b"HTTP/"), code, phrase)
    linter.process_headers(pairs(lines[1:]))
    if content:
        linter.feed_content(content)
    linter.finish_content(True, [])
    if method != "HEAD" and linter.headers.parsed.get("content-type", [""])[0] == "text/html":
        validate(report, name, content)
    report.add("httplint", name, linter.notes)


def validate(report, name, page):
    """Each error of the page is a failure."""
    parser = html5lib.HTMLParser()
    parser.parse(page)
    for position, kind, details in parser.errors:
        report.fail(f"html5lib: {name}: {kind} {details} at line and column {position}")


def pairs(lines):
    return [tuple(line.split(b":", 1)) for line in lines if line]


def ask(authority, request):
    host, port = authority.rsplit(":", 1)
    answer = b""
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request.encode())
        while piece := connection.recv(65536):
            answer += piece
    return answer


def check(report, authority):
    """What REDbot says of resources, after the requests that it makes of its own: conditions, ranges, codings."""
    config = configparser.ConfigParser()
    config.read_dict({"redbot": {"enable_local_access": "True"}})
    resources = [HttpResource(config["redbot"]) for _ in RESOURCES]
    for path, resource in zip(RESOURCES, resources):
        resource.set_request(f"http://{authority}{path}")
        resource.on("check_done", lambda: thor.stop() if all(each.check_done for each in resources) else None)
        resource.check()
    thor.schedule(60, thor.stop)
    thor.run()
    for path, resource in zip(RESOURCES, resources):
        if not resource.check_done or not resource.response.complete:
            report.fail(f"redbot: {path}: no answer: {resource.fetch_error}")
        report.add("redbot", path, resource.response.notes)
        for name, part in resource.subreqs.items():
            report.add("redbot", f"{path}, {name}", part.response.notes)


if __name__ == "__main__":
    main()
