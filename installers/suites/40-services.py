#!/usr/bin/env python3
"""Services as docs/services.md has them, run as they are written there: they join, read, write back, show by themselves;
one is killed, is missed, and goes on where it was."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

LOOM = os.environ["LOOM"]
NOTES = "digital.notes.raw"
passed = failed = 0


def check(what, holds, more=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(("ok " if holds else "not ok ") + what + ("" if holds else f": {more}"), flush=True)


def until(what, ask, seconds=30):
    """Waits for a condition; its last answer where it never came true."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer or time.monotonic() > end:
            check(what, answer, "it did not come true in time")
            return answer
        time.sleep(0.1)


def examples():
    text = (pathlib.Path.cwd() / "docs/services.md").read_text()
    return {name: code for name, code in re.findall(r"```\w+ (\S+)\n(.*?)```", text, re.S)}


class Loom:
    def __init__(self, folder):
        self.folder = folder
        self.env = {**os.environ, "LOOM_DATA_DIR": str(folder)}
        self.start()

    def start(self):
        self.process = subprocess.Popen([LOOM, "serve", "--no-microphone", "--port", "0"], env=self.env, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def ask(self, path, body=None):
        headers = {"X-API-Key": (self.folder / "api-token").read_text(), "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=30) as answer:
            return json.loads(answer.read())

    def note(self, content):
        self.ask("/notes/digital", {"device_id": "desk", "content": content})

    def group(self, name):
        return next((g for g in self.ask("/api/kafka/consumers") if g["groupId"] == name), {"state": None, "lag": None, "members": []})

    def results(self, topic):
        try:
            return [r["data"] for r in self.ask(f"/api/topics/{topic}/records?from_beginning=true&limit=1000")["records"]]
        except urllib.error.HTTPError:
            return []

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    written = examples()
    for name, code in written.items():
        (folder / name).write_text(code)
    loom = Loom(folder / "data")
    services = []

    def run(*command, out=os.devnull):
        # A group of its own, so that what it started goes with it.
        with open(out, "w") as out:
            services.append(subprocess.Popen(command, env=loom.env, cwd=folder, start_new_session=True, stdout=out))
        return services[-1]

    def kill(service):
        os.killpg(service.pid, signal.SIGKILL)
        service.wait()

    try:
        for n in range(20):
            loom.note(" ".join(["word"] * (n + 1)))
        python = run(sys.executable, "word_counter.py")
        shell = run("sh", "note_length.sh")
        counted, measured = "analysis.text.words.counted", "analysis.text.notes.measured"
        until("the Python service has counted every note", lambda: len(loom.results(counted)) == 20)
        check("and counted right", sorted(r["words"] for r in loom.results(counted)) == list(range(1, 21)), loom.results(counted)[:3])
        until("the shell service has measured every note", lambda: len(loom.results(measured)) == 20)
        for group, topic in [("word-counter-consumer", counted), ("note-length-consumer", measured)]:
            until(f"{group} shows as Stable with nothing left to do", lambda: (g := loom.group(group))["state"] == "Stable" and g["lag"] == 0)
            node = next(c for c in loom.ask("/api/kafka/structure")["consumers"] if c["groupId"] == group)
            check(f"{group} shows what it reads and writes", (node["subscribedTopics"], node["producesTopics"], node["memberCount"]) == ([NOTES], [topic], 1), node)
        beat = loom.group("word-counter-consumer")["members"][0]["lastHeartbeat"]
        until("its heartbeat moves", lambda: loom.group("word-counter-consumer")["members"][0]["lastHeartbeat"] > beat)

        kill(python)
        for n in range(5):
            loom.note(f"while nobody counts {n}")
        until("killed, it shows as Empty", lambda: loom.group("word-counter-consumer")["state"] == "Empty")
        before = loom.group("word-counter-consumer")["lag"]
        loom.note("one more")
        until("with a lag that grows", lambda: loom.group("word-counter-consumer")["lag"] == before + 1 == 6)
        run(sys.executable, "word_counter.py")
        until("started again, it goes on where it was", lambda: len(loom.results(counted)) == 26)
        until("and its lag is gone", lambda: loom.group("word-counter-consumer")["lag"] == 0)
        notes = [r["note"] for r in loom.results(counted)]
        check("every note is counted once", len(set(notes)) == 26 == len(notes), len(notes))

        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--root-user-action=ignore", "--target", folder / "site", "websockets"]
        check("a library for WebSockets is installed", subprocess.run(pip).returncode == 0)
        loom.env["PYTHONPATH"] = str(folder / "site")
        titles = run(sys.executable, "note_titles.py", out=folder / "titles")
        until("the service on a WebSocket has been sent every note", lambda: len((folder / "titles").read_text().splitlines()) == 26)
        until("and has committed them", lambda: loom.group("note-titles-consumer")["lag"] == 0)
        kill(titles)
        until("its place goes with its connection", lambda: loom.group("note-titles-consumer")["state"] == "Empty", 5)

        loom.end()
        loom.start()
        loom.note("after Loom itself was away")
        until("Loom ends and comes back: the Python service joins again", lambda: len(loom.results(counted)) == 27, 40)
        until("and so does the one in a shell", lambda: len(loom.results(measured)) == 27, 40)
        check("looking left no group behind", {g["groupId"] for g in loom.ask("/api/kafka/consumers")} >= {"word-counter-consumer", "note-length-consumer"}
              and not any("monitor" in g["groupId"] for g in loom.ask("/api/kafka/consumers")))
    finally:
        for service in services:
            if service.poll() is None:
                kill(service)
        loom.end()


try:
    main()
except Exception as e:  # noqa: BLE001: whatever it was, the suite has failed
    check("the suite runs to its end", False, repr(e))
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
