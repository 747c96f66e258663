"""Opens every page of the built documentation in a headless Chromium.

usage: check_in_browser.py docs/_build/html

Every page must load without an error in the console, a failed request or a missing image; links
between pages, and to places within them, must hold; the search must find an estimator. The exit
status is 1 where something is wrong. Where no Chromium is installed this is said, and the status is
0. CHROMIUM in the environment names another browser.

The browser is spoken to through its DevTools pipe: Python's standard library is all that is needed.
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
from urllib.parse import unquote, urldefrag, urljoin, urlparse

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0  # seconds
SOUGHT = "AutoencoderTransformer"

# what is asked of a page once it has loaded; images further down are loaded when they are looked at
LOOK = """
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
    places: [...document.querySelectorAll("[id], a[name]")].map(e => e.id || e.name),
  });
})()
"""

RESULTS = """
JSON.stringify([...document.querySelectorAll("#search-results li a")].map(a => a.href))
"""


class Browser:
    """A headless Chromium with one page open, spoken to through pipes."""

    def __init__(self, program, profile):
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
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
            # root, as in a container, has no sandbox
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "about:blank",
        ]
        # Chromium reads from descriptor 3 and writes to 4
        shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out} 2>/dev/null'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command], pass_fds=(theirs_in, theirs_out)
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._numbers, self._rest, self.events = itertools.count(1), b"", []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """The result of a DevTools command."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._read(deadline)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def wait_for(self, event):
        """Wait until `event` has come since the events were last looked at."""
        deadline = time.monotonic() + PATIENCE
        while not any(e["method"] == event for e in self.events):
            self._read(deadline)

    def open(self, url):
        """Load a page; what was seen on the way is in `events`."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        """The value of JavaScript that gives JSON."""
        result = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return json.loads(result["result"]["value"])

    def close(self):
        """End the browser."""
        self._process.terminate()
        self._process.wait()

    def _read(self, deadline):
        """The next message; events are kept."""
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self._in, 1 << 16) if ready else b""
            if not part:
                raise TimeoutError("Chromium does not answer" if ready else "Chromium takes long")
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message


def complaints(events):
    """What a browser's console and network say is wrong."""
    for event in events:
        method, params = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            yield f"exception: {details.get('exception', {}).get('description', details['text'])}"
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            said = [str(a.get("value", a.get("description"))) for a in params["args"]]
            yield f"console: {' '.join(said)}"
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            yield f"log: {params['entry']['text']} {params['entry'].get('url', '')}"
        elif method == "Network.loadingFailed" and not params.get("canceled"):
            yield f"not loaded: {params['errorText']}"
        elif method == "Network.responseReceived" and params["response"]["status"] >= 400:
            yield f"status {params['response']['status']}: {params['response']['url']}"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *args):
        """Nothing."""


def check_pages(browser, root, address):
    """Problems of all pages, the number of pages, and the number of links that were followed."""
    problems, seen = [], {}
    for path in sorted(root.rglob("*.html")):
        if "_static" in path.parts:  # pieces of the theme, no pages
            continue
        page = urljoin(address, path.relative_to(root).as_posix())
        browser.open(page)
        found = browser.evaluate(LOOK)
        problems += [f"{page}: {complaint}" for complaint in complaints(browser.events)]
        problems += [f"{page}: image missing: {image}" for image in found["missing"]]
        if not found["title"]:
            problems.append(f"{page}: no title")
        seen[page] = found
    links = {(page, link) for page, found in seen.items() for link in found["links"]}
    inside = {(page, link) for page, link in links if link.startswith(address)}
    problems += [p for page, link in sorted(inside) if (p := broken(page, link, seen, root))]
    return problems, len(seen), len(inside)


def broken(page, link, seen, root):
    """What is wrong with a link inside of the documentation, or None."""
    target, place = urldefrag(link)
    path = unquote(urlparse(target).path).lstrip("/")
    if path.endswith("/") or not path:
        target, path = urljoin(target, "index.html"), path + "index.html"
    if not (root / path).is_file():
        return f"{page}: links to {link}, which is not there"
    known = seen.get(target.partition("?")[0])
    if place and known is not None and unquote(place) not in known["places"]:
        return f"{page}: links to {link}, and that page has no such place"
    return None


def check_search(browser, address):
    """Problems of the search for an estimator."""
    wanted = urljoin(address, f"api/skae.{SOUGHT}.html")
    browser.open(urljoin(address, f"search.html?q={SOUGHT}"))
    deadline, results = time.monotonic() + PATIENCE, []
    while time.monotonic() < deadline:
        results = browser.evaluate(RESULTS)
        if any(result.startswith(wanted) for result in results):
            return [f"search: {complaint}" for complaint in complaints(browser.events)]
        time.sleep(0.2)
    return [f"the search for {SOUGHT} does not find {wanted}: {results[:5]}"]


def main(folder):
    """Exit status: 1 where something is wrong."""
    root = Path(folder).resolve()
    if not (root / "index.html").is_file():
        print(f"{root} holds no documentation: build it first, by `make docs`")
        return 1
    names = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else NAMES
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        print(f"SKIPPED: no browser was found ({', '.join(names)}), so no page was opened in one")
        return 0
    handler = functools.partial(Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    start = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            problems, n_pages, n_links = check_pages(browser, root, address)
            problems += check_search(browser, address)
        finally:
            browser.close()
            server.shutdown()
    print("\n".join(problem.replace(address, "") for problem in problems))
    print(
        f"{n_pages} pages opened in {Path(program).name}, {n_links} links between them, a search: "
        f"{len(problems)} problems, {time.monotonic() - start:.0f} s"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "docs/_build/html"))
