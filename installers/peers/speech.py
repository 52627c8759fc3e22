"""Loom beside the plain recogniser: the same model on the same recordings, run by ONNX Runtime's own Python.

    speech.py LOOM MODELS FOLDER

FOLDER holds NAME.flac or NAME.wav (16 kHz, mono) and refs.tsv with the columns `name` and `reference`. Prints JSON lines:
word error rate of both (normalised as Whisper's authors do), CPU seconds of both (interleaved, the better of
two), and Silero's milliseconds a frame. Wants numpy, onnxruntime, soundfile, jiwer and whisper-normalizer.
"""

import csv
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time

LAYERS, HEADS, WIDTH = 6, 8, 36


def recordings(folder):
    with open(os.path.join(folder, "refs.tsv"), encoding="utf-8") as rows:
        found = {r["name"]: r["reference"] for r in csv.DictReader(rows, delimiter="\t")}
    paths = {n: os.path.join(folder, n + e) for n in found for e in (".flac", ".wav") if os.path.exists(os.path.join(folder, n + e))}
    return {n: (paths[n], found[n]) for n in sorted(paths)}


def session(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def tokens(path):
    data, at, out = open(path, "rb").read(), 0, []
    while at < len(data):
        length, at = data[at], at + 1
        if length >= 128:
            length, at = data[at] * 128 + length - 128, at + 1
        out.append(data[at : at + length])
        at += length
    return out


class Plain:
    """Moonshine as its authors' graphs are: encoder, and the decoder with its branch. Text only, no word times."""

    def __init__(self, models):
        folder = os.path.join(models, "moonshine-tiny-en")
        self.encoder = session(os.path.join(folder, "encoder_model.ort"))
        self.decoder = session(os.path.join(folder, "decoder_model_merged.ort"))
        self.tokens = tokens(os.path.join(folder, "tokenizer.bin"))
        self.inputs = [i.name for i in self.decoder.get_inputs()]
        self.outputs = [o.name for o in self.decoder.get_outputs()]

    def hear(self, samples):
        import numpy as np

        quiet = np.zeros(4000, np.float32)
        audio = np.concatenate([quiet, samples.astype(np.float32), quiet])[None]
        mask = np.ones(audio.shape, np.int64)
        hidden = self.encoder.run(None, {"input_values": audio, "attention_mask": mask})[0]
        past = {n: np.zeros((1, HEADS, 1, WIDTH), np.float32) for n in self.inputs if n.startswith("past")}
        token, said = 1, []
        for step in range(math.ceil(audio.shape[1] / 16000 * 6.5)):
            feed = {"input_ids": np.array([[token]], np.int64), "encoder_hidden_states": hidden, "use_cache_branch": np.array([step > 0]), **past}
            if "encoder_attention_mask" in self.inputs:
                feed["encoder_attention_mask"] = mask
            answer = dict(zip(self.outputs, self.decoder.run(None, feed)))
            for name in past:
                if step == 0 or ".decoder." in name:
                    past[name] = answer[name.replace("past_key_values", "present")]
            token = int(answer["logits"][0, -1].argmax())
            if token == 2:
                break
            said.append(self.tokens[token])
        words = b"".join(t for t in said if not (len(t) > 2 and t[:1] == b"<" and t[-1:] == b">"))
        return words.decode("utf-8", "replace").replace("\u2581", " ").strip()


def plain(models, folder):
    import soundfile

    engine = Plain(models)
    print(json.dumps({n: engine.hear(soundfile.read(p, dtype="float32")[0]) for n, (p, _) in recordings(folder).items()}))


def silero(models, folder):
    import numpy as np
    import soundfile

    net = session(os.path.join(models, "silero-vad-6.2.3", "silero_vad_16k_sequence.onnx"))
    audio = np.concatenate([soundfile.read(p, dtype="float32")[0] for p, _ in recordings(folder).values()])
    frames = len(audio) // 512
    rows = np.zeros((frames, 576), np.float32)
    rows[:, 64:] = audio[: frames * 512].reshape(frames, 512)
    rows[1:, :64] = rows[:-1, -64:]
    took = {}
    for name, at_once in (("streaming", 1), ("file", 64)):
        h = c = np.zeros((1, 1, 128), np.float32)
        began = time.process_time()
        for at in range(0, frames, at_once):
            _, h, c = net.run(None, {"input": rows[at : at + at_once], "h": h, "c": c})
        took[name] = 1000 * (time.process_time() - began) / frames
    print(json.dumps(took))


def measured(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LOOM_DATA_DIR": tempfile.mkdtemp()})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        sys.exit(ran.stderr[-400:])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ran.stdout


def main(loom, models, folder):
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    clips, normal = recordings(folder), EnglishTextNormalizer()
    ours, theirs = [], []
    for _ in range(2):
        cpu, out = measured([loom, "transcribe", "--format", "json", *[p for p, _ in clips.values()]])
        ours.append(cpu)
        rows = [json.loads(line) for line in out.splitlines()]
        mine = {n: r["text"] for n, r in zip(clips, rows)}
        cpu, out = measured([sys.executable, __file__, "--plain", models, folder])
        theirs.append(cpu)
        plainly = json.loads(out)
    wer = lambda heard: 100 * jiwer.wer([normal(r) for _, r in clips.values()], [normal(heard[n]) or "-" for n in clips])
    row = lambda what, unit, a, b: print(json.dumps({"what": what, "unit": unit, "loom": a, "reference": b, "ratio": a / b if b else None}))
    row("word error rate", "%", wer(mine), wer(plainly))
    row("transcribe, start and model loading included", "CPU s", min(ours), min(theirs))
    print(json.dumps({"what": "silero, the reference's", "unit": "ms a frame", **json.loads(measured([sys.executable, __file__, "--silero", models, folder])[1])}))


if __name__ == "__main__":
    if sys.argv[1] == "--plain":
        plain(*sys.argv[2:])
    elif sys.argv[1] == "--silero":
        silero(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
