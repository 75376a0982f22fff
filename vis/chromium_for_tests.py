"""Opens a page in headless Chromium and asks it things, for tests.

Speaks the DevTools protocol over a pipe (https://chromedevtools.github.io/devtools-protocol/),
so it needs no package beside Chromium itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --remote-debugging-pipe"
).split()
DEADLINE_S = 60


class Chromium:
    """One tab. Keeps every console message, exception and request of its page in `events`."""

    def __init__(self):
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._start()
        self._last_id = 0
        self._session: str | None = None
        self.events: list[dict] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def open(self, url: str, color_scheme: str = "light", width: int = 1280) -> None:
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.set_color_scheme(color_scheme)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=url)

    def _start(self) -> None:
        child_reads, self._to_child = os.pipe()
        self._from_child, child_writes = os.pipe()
        # The protocol's descriptors are 3 and 4; out of the way first, then into place.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (child_reads, child_writes)]

        def into_place() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [PROGRAM, *FLAGS, f"--user-data-dir={self._home.name}"],
            pass_fds=(3, 4),
            preexec_fn=into_place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (child_reads, child_writes, *ends):
            os.close(end)
        self._unread = b""

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._to_child)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._from_child)
        self._home.cleanup()

    def call(self, method: str, **parameters: object) -> dict:
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_child, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") != self._last_id:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def _read(self) -> dict:
        while b"\0" not in self._unread:
            if not select.select([self._from_child], [], [], DEADLINE_S)[0]:
                raise TimeoutError("Chromium does not answer")
            piece = os.read(self._from_child, 1 << 20)
            if not piece:
                raise RuntimeError("Chromium has ended")
            self._unread += piece
        message, self._unread = self._unread.split(b"\0", 1)
        return json.loads(message)

    def set_color_scheme(self, name: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": name}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def evaluate(self, expression: str) -> object:
        wishes = {"returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", expression=expression, **wishes)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def add_scripts(self, *paths: Path) -> None:
        for path in paths:
            source = json.dumps(path.read_text(encoding="utf-8"))
            self.evaluate(
                "{ const script = document.createElement('script');"
                f"script.text = {source}; document.head.append(script); }}"
            )

    def wait_for(self, expression: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while not self.evaluate(expression):
            if time.monotonic() > end:
                raise TimeoutError(f"{expression} did not become true")
            time.sleep(0.05)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            code = {"Tab": 9, "Enter": 13, " ": 32, "End": 35, "Home": 36, "ArrowRight": 39}[key]
            text = {"Enter": "\r", " ": " "}.get(key) if kind == "keyDown" else None
            text = {"text": text} if text else {}
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
            )

    def complaints(self) -> list[str]:
        """Console errors and warnings, exceptions, and what the browser itself logs."""
        said = []
        for event in self.events:
            parameters = event.get("params", {})
            match event.get("method"):
                case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning"):
                    said.append(str(parameters["args"]))
                case "Runtime.exceptionThrown":
                    said.append(str(parameters["exceptionDetails"]))
                case "Log.entryAdded":
                    said.append(parameters["entry"]["text"])
        return said

    def requests(self) -> list[str]:
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
