"""Opens every page of the built documentation in a headless Chromium.

usage: check_in_browser.py docs/_build/html

Reports console errors, failed requests, missing images, broken links between pages and to anchors,
and searches without the expected result. The exit status is 1 if there are problems. If no Chromium
is installed, a message is printed and the status is 0. The environment variable CHROMIUM selects
another browser.

The script controls the browser through its DevTools pipe and requires only Python's standard
library.
"""

from __future__ import annotations

import functools
import http.server
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote_plus, unquote, urldefrag, urljoin, urlparse

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT = 60.0  # seconds
# query, and a page that the search must find
SEARCHES = {
    "AutoencoderTransformer": "api/skae.AutoencoderTransformer.html",
    "anomaly detection": "outliers.html",
    "latent space": "displays.html",
}

# Evaluated on every page after loading. Images below the fold are lazy, so they are loaded here.
INSPECT_PAGE = """
(async () => {
  const missing = [];
  for (const image of document.images) {
    image.loading = "eager";
    try { await image.decode(); } catch { missing.push(image.src); }
  }
  return JSON.stringify({
    title: document.title,
    missing,
    links: [...document.querySelectorAll("a[href]")].map(a => a.href),
    anchors: [...document.querySelectorAll("[id], a[name]")].map(e => e.id || e.name),
  });
})()
"""

SEARCH_RESULTS = """
JSON.stringify([...document.querySelectorAll("#search-results li a")].map(a => a.href))
"""


class Browser:
    """A headless Chromium with one open page, controlled through pipes."""

    def __init__(self, program, profile):
        browser_in, self._out = os.pipe()
        self._in, browser_out = os.pipe()
        command = [
            program,
            "--headless=new",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={profile}",
            # Chromium has no sandbox for root, the user in a container.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "about:blank",
        ]
        # Chromium reads commands from descriptor 3 and writes replies to 4.
        shell = f'exec "$@" 3<&{browser_in} 4>&{browser_out} 2>/dev/null'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command], pass_fds=(browser_in, browser_out)
        )
        os.close(browser_in)
        os.close(browser_out)
        self._ids, self._buffer, self.events = itertools.count(1), b"", []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Return the result of a DevTools command."""
        call_id = next(self._ids)
        message = {"id": call_id, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT
        while True:
            reply = self._read(deadline)
            if reply.get("id") == call_id:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']}")
                return reply["result"]

    def wait_for(self, event):
        """Wait until `event` is in `events`."""
        deadline = time.monotonic() + TIMEOUT
        while not any(e["method"] == event for e in self.events):
            self._read(deadline)

    def open(self, url):
        """Load a page and record its events."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        """Return the value of a JavaScript expression that evaluates to JSON."""
        result = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return json.loads(result["result"]["value"])

    def close(self):
        """Terminate the browser."""
        self._process.terminate()
        self._process.wait()

    def _read(self, deadline):
        """Return the next message; events are also added to `events`."""
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self._in, 1 << 16) if ready else b""
            if not part:
                raise TimeoutError(
                    "Chromium closed its pipe" if ready else f"no reply within {TIMEOUT} s"
                )
            self._buffer += part
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message


def errors_in(events):
    """Yield the errors of the console and of the network."""
    for event in events:
        method, params = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            yield f"exception: {details.get('exception', {}).get('description', details['text'])}"
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            words = [str(a.get("value", a.get("description"))) for a in params["args"]]
            yield f"console: {' '.join(words)}"
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            yield f"log: {params['entry']['text']} {params['entry'].get('url', '')}"
        elif method == "Network.loadingFailed" and not params.get("canceled"):
            yield f"failed request: {params['errorText']}"
        elif method == "Network.responseReceived" and params["response"]["status"] >= 400:
            yield f"status {params['response']['status']}: {params['response']['url']}"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without logging requests."""

    def log_message(self, *args):
        """Log nothing."""


def check_pages(browser, root, address):
    """Return the problems of all pages, the number of pages and the number of internal links."""
    problems, pages = [], {}
    for path in sorted(root.rglob("*.html")):
        if "_static" in path.parts:  # templates of the theme
            continue
        page = urljoin(address, path.relative_to(root).as_posix())
        browser.open(page)
        contents = browser.evaluate(INSPECT_PAGE)
        problems += [f"{page}: {error}" for error in errors_in(browser.events)]
        problems += [f"{page}: missing image: {image}" for image in contents["missing"]]
        if not contents["title"]:
            problems.append(f"{page}: no title")
        pages[page] = contents
    links = {(page, link) for page, contents in pages.items() for link in contents["links"]}
    internal = sorted((page, link) for page, link in links if link.startswith(address))
    problems += [p for page, link in internal if (p := link_problem(page, link, pages, root))]
    return problems, len(pages), len(internal)


def link_problem(page, link, pages, root):
    """Return a message if an internal link is broken, else None."""
    target, anchor = urldefrag(link)
    path = unquote(urlparse(target).path).lstrip("/")
    if path.endswith("/") or not path:
        target, path = urljoin(target, "index.html"), path + "index.html"
    if not (root / path).is_file():
        return f"{page}: broken link to {link}"
    contents = pages.get(target.partition("?")[0])
    if anchor and contents is not None and unquote(anchor) not in contents["anchors"]:
        return f"{page}: link to {link}, a page without this anchor"
    return None


def check_search(browser, address, query, expected):
    """Return the problems of a search for `query`, which must find the page `expected`."""
    expected = urljoin(address, expected)
    browser.open(urljoin(address, f"search.html?q={quote_plus(query)}"))
    deadline, results = time.monotonic() + TIMEOUT, []
    while time.monotonic() < deadline:
        results = browser.evaluate(SEARCH_RESULTS)
        if any(result.startswith(expected) for result in results):
            return [f"search: {error}" for error in errors_in(browser.events)]
        time.sleep(0.2)
    return [f"the search for {query!r} does not find {expected}: {results[:5]}"]


def main(folder):
    """Check the documentation in `folder`; return the exit status, 1 if there are problems."""
    root = Path(folder).resolve()
    if not (root / "index.html").is_file():
        print(f"{root} contains no documentation: build it first with `make docs`")
        return 1
    names = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else NAMES
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        print(f"SKIPPED: no browser found ({', '.join(names)}), so no page was checked")
        return 0
    handler = functools.partial(QuietHandler, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    start = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            problems, n_pages, n_links = check_pages(browser, root, address)
            for query, expected in SEARCHES.items():
                problems += check_search(browser, address, query, expected)
        finally:
            browser.close()
            server.shutdown()
    print("\n".join(problem.replace(address, "") for problem in problems))
    print(
        f"{n_pages} pages opened in {Path(program).name}, {n_links} internal links, "
        f"{len(SEARCHES)} searches: {len(problems)} problems, {time.monotonic() - start:.0f} s"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "docs/_build/html"))
