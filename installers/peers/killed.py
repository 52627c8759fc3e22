"""`kill -9` at random moments while recordings come in, then once to the end.

    killed.py LOOM KILLS FILE…

Prints a JSON line: how often it was killed, how many utterances an undisturbed run has and this one, and whether ids and words are
the same. The moments are drawn from a fixed seed.
"""

import json
import os
import random
import subprocess
import sys
import tempfile


def environment(folder):
    return {**os.environ, "LOOM_DATA_DIR": folder, "LOOM_PORT": "0", "LOOM_KEYS": "file"}


def released(loom, folder):
    tail = [loom, "topics", "tail", "media.text.released", "--from-beginning", "--limit", "100000", "--json"]
    out = subprocess.run(tail, env=environment(folder), capture_output=True, text=True, check=True).stdout
    return sorted((r["message_id"], r["data"]["text"]) for r in map(json.loads, out.splitlines()))


def main(loom, kills, *files):
    serve = [loom, "serve", "--exit-when-done", *[a for f in files for a in ("--input", f)]]
    calm, wild = tempfile.mkdtemp(), tempfile.mkdtemp()
    subprocess.run(serve, env=environment(calm), stdout=subprocess.DEVNULL, check=True)
    want, chance, done = released(loom, calm), random.Random(7), 0
    for _ in range(int(kills)):
        run = subprocess.Popen(serve, env=environment(wild), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            run.wait(chance.uniform(0.05, 0.5))
            break
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            done += 1
    subprocess.run(serve, env=environment(wild), stdout=subprocess.DEVNULL, check=True)
    got = released(loom, wild)
    print(json.dumps({"what": "kill -9", "kills": done, "undisturbed": len(want), "after": len(got), "same": want == got}))
    sys.exit(want != got)


main(*sys.argv[1:])
