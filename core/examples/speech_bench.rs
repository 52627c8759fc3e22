//! Speech in numbers, a JSON line each: `speech_bench [--words] FILE.wav…` (16 kHz, mono, 16 bits).
//! CPU seconds of this process on one thread; `--words` also prints what was heard in each file.

use std::path::Path;

use loom_core::speech::formats::FileTranscription;
use loom_core::speech::runtime::Runtime;
use loom_core::speech::silero::Silero;
use loom_core::speech::stt::moonshine::Moonshine;
use loom_core::speech::transcribe::transcribe;
use loom_core::speech::{FRAME, SAMPLE_RATE, VoiceDetector};
use loom_core::{Error, Result};
use loom_models::Models;
use serde_json::json;

fn main() -> Result<()> {
    let (flags, files): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let words = flags.iter().any(|f| f == "--words");
    let models = Models::find(None);
    let before = cpu_s();
    let runtime = Runtime::load(&models)?;
    let mut detector = Silero::load(&runtime, &models)?;
    let mut recognizer = Moonshine::load(&runtime, &models)?;
    report("load", "cpu_s", cpu_s() - before);
    let recordings = files.iter().map(|f| Ok((f.as_str(), read_wav(Path::new(f))?))).collect::<Result<Vec<_>>>()?;
    if !words {
        voice_detection(&mut detector, &recordings)?;
    }
    let (mut seconds, before) = (0.0, cpu_s());
    for (file, samples) in &recordings {
        let mut chunks = samples.chunks(SAMPLE_RATE as usize).map(|c| Ok(c.to_vec()));
        let transcription = transcribe(&mut chunks, &mut detector, &mut recognizer)?;
        seconds += transcription.duration_s;
        if words {
            let line = serde_json::to_string(&FileTranscription { file, transcription: &transcription });
            println!("{}", line.map_err(|e| Error::bug("a transcription does not serialise").because(e))?);
        }
    }
    report("transcribe", "cpu_s", cpu_s() - before);
    report("transcribe", "cpu_s_per_audio_s", (cpu_s() - before) / seconds);
    report("transcribe", "audio_s", seconds);
    Ok(())
}

/// Milliseconds a frame of 32 ms: one at a time as from a microphone, and 64 together as from a file.
fn voice_detection(detector: &mut dyn VoiceDetector, recordings: &[(&str, Vec<f32>)]) -> Result<()> {
    let all: Vec<f32> = recordings.iter().flat_map(|(_, s)| s).copied().collect();
    let frames = all.len() / FRAME;
    for (name, at_once) in [("silero_streaming", 1), ("silero_file", 64)] {
        detector.reset();
        let before = cpu_s();
        for part in all[..frames * FRAME].chunks(at_once * FRAME) {
            detector.probabilities(part)?;
        }
        report(name, "ms_per_frame", 1000.0 * (cpu_s() - before) / frames.max(1) as f64);
    }
    Ok(())
}

fn report(bench: &str, unit: &str, value: f64) {
    println!("{}", json!({ "bench": bench, "unit": unit, "value": value }));
}

/// CPU seconds of this process so far, user and system.
fn cpu_s() -> f64 {
    // SAFETY: plain data, which the call fills.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The samples of a WAV file's data chunk.
fn read_wav(path: &Path) -> Result<Vec<f32>> {
    let bytes = std::fs::read(path).map_err(|e| Error::invalid("a recording cannot be read").because(e))?;
    let at = bytes.windows(4).position(|w| w == b"data").ok_or_else(|| Error::invalid("not a WAV file"))?;
    let samples = bytes.get(at + 8..).unwrap_or_default().chunks_exact(2);
    Ok(samples.map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect())
}
