"""Loom listening, on a sound server of its own: what silence costs, and what a microphone that goes away costs.

    listening.py LOOM silence SECONDS
    listening.py LOOM window SECONDS
    listening.py LOOM lost TIMES SECONDS_AWAY
    listening.py LOOM latency TIMES FOLDER

`silence` prints a JSON line with the share of a core and the resident memory of `loom serve`; `window` the same of the `loom-window` beside
it, open on a display of its own, with what WebKit runs for it (memory that they share counted once). `lost` kills the sound server and starts it
again, and prints what was lost each time: seconds in which sound flowed, as another listener saw it, and that are in no stream. `latency`
plays recordings of 4 to 7 s from a folder, and prints how long after the last sound the words are on the log, and how long after the first one a
guess at them is on the WebSocket; when sound begins and ends is what another listener heard.
"""

import array
import base64
import glob
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOM = tempfile.mkdtemp()
SOCKET = f"{ROOM}/run/pulse/native"
HERE = {
    **os.environ,
    "XDG_RUNTIME_DIR": f"{ROOM}/run",
    "PULSE_RUNTIME_PATH": f"{ROOM}/run/pulse",
    "PULSE_SERVER": f"unix:{SOCKET}",
    "LOOM_DATA_DIR": f"{ROOM}/data",
    "LOOM_PORT": "0",
    "LOOM_KEYS": "file",
}


def until(what, is_so, patience=30):
    end = time.time() + patience
    while not is_so():
        if time.time() > end:
            sys.exit(f"in vain: {what}")
        time.sleep(0.02)
    return time.time()


def pactl(*args):
    return subprocess.run(["pactl", *args], env=HERE, capture_output=True, text=True)


def server():
    os.makedirs(f"{ROOM}/run", mode=0o700, exist_ok=True)
    os.chmod(f"{ROOM}/run", 0o700)
    flags = "-n --daemonize=no --exit-idle-time=-1 --disallow-exit --use-pid-file=no --log-level=error".split()
    sink = ["-L", "module-null-sink sink_name=room rate=48000 channels=2 format=s16le"]
    door = ["-L", f"module-native-protocol-unix socket={SOCKET} auth-anonymous=1"]
    started = subprocess.Popen(["pulseaudio", *flags, *sink, *door], env={**HERE, "HOME": ROOM}, stderr=subprocess.DEVNULL)
    until("the sound server answers", lambda: pactl("info").returncode == 0)
    return started


def listened(by=1):
    return len(pactl("list", "short", "source-outputs").stdout.splitlines()) >= by


def flowing():
    """Another listener, once it hears something: until then the room stands still for everyone."""
    hears = ["parec", "--latency-msec=20", "--device=room.monitor"]
    other = subprocess.Popen(hears, env=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    other.stdout.read(1)
    return time.time()


def loom_serve(loom):
    served = subprocess.Popen([loom, "serve"], env=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    served.stdout.readline()
    until("Loom listens", listened)
    return served


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end(*processes):
    for process in filter(None, processes):
        process.send_signal(signal.SIGTERM)
        process.wait()


def silence(loom, seconds):
    sound = served = None
    try:
        sound = server()
        served = loom_serve(loom)
        time.sleep(8)
        before = cpu_seconds(served.pid)
        time.sleep(float(seconds))
        percent = 100 * (cpu_seconds(served.pid) - before) / float(seconds)
        rss = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{served.pid}/status").read())[1]) / 1024
        row = {"what": "silence", "seconds": float(seconds), "percent_of_a_core": round(percent, 2), "resident_mb": round(rss)}
        print(json.dumps({**row, "listening": listened()}))
    finally:
        end(served, sound)


def family(pid):
    """A process, and all that came of it."""
    parents = {}
    for n in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(n)] = int(open(f"/proc/{n}/stat").read().rsplit(")", 1)[1].split()[1])
        except FileNotFoundError:
            pass
    found = [pid]
    for one in found:
        found += [n for n, parent in parents.items() if parent == one]
    return found


def shared_mb(pid):
    return int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1]) / 1024


def window(loom, seconds):
    sound = screen = shown = None
    try:
        sound = server()
        sample = os.path.join(os.path.dirname(__file__), "../../assets/sense-and-sensibility.flac")
        subprocess.run([loom, "serve", "--input", sample, "--exit-when-done"], env=HERE, stdout=subprocess.DEVNULL, check=True)
        xvfb = ["Xvfb", "-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
        screen = subprocess.Popen(xvfb, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        here = {**HERE, "DISPLAY": ":" + screen.stdout.readline().strip(), "GDK_BACKEND": "x11"}
        here.pop("WAYLAND_DISPLAY", None)
        shown = subprocess.Popen([os.path.join(os.path.dirname(loom), "loom-window")], env=here, stderr=subprocess.DEVNULL)
        until("Loom listens", listened)
        time.sleep(15)
        all_of_it = family(shown.pid)
        before = sum(map(cpu_seconds, all_of_it))
        time.sleep(float(seconds))
        percent = 100 * (sum(map(cpu_seconds, all_of_it)) - before) / float(seconds)
        row = {"what": "window", "seconds": float(seconds), "percent_of_a_core": round(percent, 2), "processes": len(all_of_it)}
        print(json.dumps({**row, "memory_mb": round(sum(map(shared_mb, all_of_it))), "listening": listened()}))
    finally:
        end(shown, screen, sound)


def streams(loom):
    tail = [loom, "topics", "tail", "device.audio.raw", "--from-beginning", "--limit", "1000000", "--json"]
    rows = subprocess.run(tail, env=HERE, capture_output=True, text=True, check=True).stdout
    found = {}
    for row in map(json.loads, rows.splitlines()):
        data = row["data"]
        at = time_of(row["recorded_at"])
        known = found.setdefault(data["stream_id"], [at, 0])
        known[1] = data["first_sample"] / 16000 + data["samples"] / 16000
    return sorted((at, at + length) for at, length in found.values())


def time_of(text):
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def lost(loom, times, away):
    sound, served, there = None, None, []
    try:
        sound = server()
        served = loom_serve(loom)
        begin = flowing()
        until("Loom hears something", lambda: streams(loom))
        begin = time.time()
        for _ in range(int(times)):
            time.sleep(2)
            sound.kill()
            sound.wait()
            there.append((begin, time.time()))
            time.sleep(float(away))
            sound = server()
            begin = flowing()
            until("Loom listens again", lambda: listened(2))
        time.sleep(2)
        there.append((begin, time.time() - 0.5))
    finally:
        end(served, sound)
    heard = streams(loom)
    gaps = sorted(missed(heard, a, b) for a, b in there)
    row = {"what": "lost microphone", "times": int(times), "away_s": float(away), "streams": len(heard)}
    print(json.dumps({**row, "lost_s_median": gaps[len(gaps) // 2], "lost_s_most": gaps[-1]}))
    sys.exit(gaps[-1] > 1.0)


class Witness(threading.Thread):
    """Hears the room beside Loom: when sound began and ended, to a hundredth of a second."""

    def __init__(self):
        super().__init__(daemon=True)
        hears = ["parec", "--latency-msec=10", "--device=room.monitor", "--rate=16000", "--channels=1", "--format=s16le"]
        self.other = subprocess.Popen(hears, env=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.began = self.ended = None

    def run(self):
        while block := self.other.stdout.read(320):
            now = time.time()
            if max(map(abs, array.array("h", block))) > 600:
                self.began = self.began or now
                self.ended = now


class Guesses(threading.Thread):
    """Listens on the WebSocket (RFC 6455) for guesses."""

    def __init__(self, url, token):
        super().__init__(daemon=True)
        host, port = url.split("//")[1].split(":")
        self.wire = socket.create_connection((host, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        ask = f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        ask += f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: loom, token.{token}\r\n\r\n"
        self.wire.sendall(ask.encode())
        self.file = self.wire.makefile("rb")
        while self.file.readline().strip():
            pass
        said = json.dumps({"type": "subscribe", "channels": ["partial"]}).encode()
        self.wire.sendall(bytes([0x81, 0x80 | len(said)]) + bytes(4) + said)
        self.first = None

    def run(self):
        while head := self.file.read(2):
            n = head[1] & 127
            n = int.from_bytes(self.file.read({126: 2, 127: 8}[n]), "big") if n > 125 else n
            body = self.file.read(n)
            if head[0] & 15 == 1:
                said = json.loads(body)
                if said.get("text") and not self.first:
                    self.first = time.time()


def words(loom):
    tail = [loom, "topics", "tail", "media.text.transcribed.words", "--from-beginning", "--json"]
    return subprocess.run(tail, env=HERE, capture_output=True, text=True, check=True).stdout.splitlines()


def clips(folder):
    for path in sorted(glob.glob(f"{folder}/**/*.flac", recursive=True) + glob.glob(f"{folder}/**/*.wav", recursive=True)):
        made = f"{ROOM}/{os.path.basename(path)}.wav"
        # Without the silence around it: it begins and ends with speech.
        trim = "rate 48000 channels 2 silence 1 0.02 1% reverse silence 1 0.02 1% reverse".split()
        if subprocess.run(["sox", path, "-b", "16", made, *trim], capture_output=True).returncode == 0:
            length = float(subprocess.run(["soxi", "-D", made], capture_output=True, text=True).stdout or 0)
            if 4 <= length <= 7:
                yield made


def latency(loom, times, folder):
    sound = served = None
    settled, guessed = [], []
    try:
        sound = server()
        served = loom_serve(loom)
        url = open(f"{ROOM}/data/address").read()
        url = re.search(r"http://[0-9.:]+", url)[0]
        token = open(f"{ROOM}/data/api-token").read().strip()
        for turn, clip in zip(range(int(times) + 1), clips(folder)):
            witness, guesses = Witness(), Guesses(url, token)
            witness.start(), guesses.start()
            until("the room is quiet", lambda: not witness.began or time.time() - witness.ended > 2)
            known = len(words(loom))
            witness.began = guesses.first = None
            subprocess.run(["paplay", clip], env=HERE, check=True)
            until("words", lambda: time.time() - witness.ended > 3 and len(words(loom)) > known)
            last = max(time_of(json.loads(row)["received_at"]) for row in words(loom)[known:])
            # The first one loads the model.
            if turn:
                settled.append(round(last - witness.ended, 3))
                if guesses.first:
                    guessed.append(round(guesses.first - witness.began, 3))
            witness.other.kill()
            guesses.wire.close()
    finally:
        end(served, sound)
    at = lambda of, share: sorted(of)[round((len(of) - 1) * share)] if of else None
    row = {"what": "latency", "utterances": len(settled), "settled_s_p50": at(settled, 0.5), "settled_s_p95": at(settled, 0.95)}
    print(json.dumps({**row, "guesses": len(guessed), "first_guess_s_p50": at(guessed, 0.5)}))
    sys.exit(not settled or at(settled, 0.5) > 0.7 or at(settled, 0.95) > 1.2 or not guessed or at(guessed, 0.5) > 1.0)


def missed(heard, a, b):
    covered = sum(max(0.0, min(b, end) - max(a, start)) for start, end in heard)
    return round(b - a - covered, 3)


{"silence": silence, "window": window, "lost": lost, "latency": latency}[sys.argv[2]](sys.argv[1], *sys.argv[3:])
