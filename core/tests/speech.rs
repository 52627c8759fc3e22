//! Silero and Moonshine on real models: found in the models folders. The speech is
//! made here, by espeak-ng.
#![cfg(feature = "speech")]

use std::process::Command;

use loom_core::Kind;
use loom_core::speech::runtime::Runtime;
use loom_core::speech::silero::Silero;
use loom_core::speech::stt::Recognizer;
use loom_core::speech::stt::moonshine::Moonshine;
use loom_core::speech::transcribe::{Transcription, transcribe};
use loom_core::speech::{FRAME, VoiceDetector};
use loom_models::Models;

fn models() -> Models {
    Models::find(None)
}

fn silero() -> Silero {
    Silero::load(&Runtime::load(&models()).unwrap(), &models()).unwrap()
}

fn moonshine() -> Moonshine {
    Moonshine::load(&Runtime::load(&models()).unwrap(), &models()).unwrap()
}

/// A sentence at 16 kHz.
fn say(text: &str) -> Vec<f32> {
    let wav =
        Command::new("espeak-ng").args(["-v", "en-us", "-s", "140", "--stdout", text]).output().expect("espeak-ng is installed").stdout;
    let data = wav.windows(4).position(|w| w == b"data").expect("a WAV file") + 8;
    let samples: Vec<f32> = wav[data..].chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect();
    // From 22,050 Hz by straight lines: good enough for a synthetic voice.
    let step = 22_050.0 / 16_000.0;
    let at = |i: usize| {
        let x = i as f64 * step;
        let (a, b) = (samples[x as usize], samples[(x as usize + 1).min(samples.len() - 1)]);
        a + (b - a) * x.fract() as f32
    };
    (0..((samples.len() - 1) as f64 / step) as usize).map(at).collect()
}

fn silence(seconds: f64) -> Vec<f32> {
    vec![0.0; (seconds * 16_000.0) as usize]
}

fn transcribed(samples: &[f32]) -> Transcription {
    let mut chunks = samples.chunks(3200).map(|c| Ok(c.to_vec()));
    let t = transcribe(&mut chunks, &mut silero(), &mut moonshine()).unwrap();
    let words: Vec<_> = t.segments.iter().flat_map(|s| &s.words).collect();
    assert_eq!(words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "), t.text);
    assert!(words.iter().all(|w| w.start_s <= w.end_s && w.end_s <= t.duration_s && w.confidence > 0.0 && w.confidence <= 1.0));
    assert!(words.windows(2).all(|p| p[0].start_s <= p[1].start_s));
    t
}

fn letters(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect()
}

#[test]
fn sentences_are_heard_where_they_are() {
    let said = ["Please water the plants in the kitchen.", "We should finish the report before the end of the week."];
    let (first, second) = (say(said[0]), say(said[1]));
    let samples = [silence(1.5), first.clone(), silence(2.5), second.clone(), silence(1.0)].concat();
    let t = transcribed(&samples);
    assert_eq!(t.segments.iter().map(|s| letters(&s.text)).collect::<Vec<_>>(), said.map(letters));
    assert_eq!((t.engine.as_str(), t.language.as_str()), ("moonshine-tiny-en", "en"));
    let begins = [1.5, 4.0 + first.len() as f64 / 16_000.0];
    for (segment, begins) in t.segments.iter().zip(begins) {
        assert!((segment.start_s - begins).abs() < 0.25, "{} for {begins}", segment.start_s);
    }
    let ends = begins[1] + second.len() as f64 / 16_000.0;
    assert!((t.segments[1].end_s - ends).abs() < 0.6, "{} for {ends}", t.segments[1].end_s);
}

#[test]
fn single_words_are_not_lost() {
    for word in ["Yes", "Stop", "Good morning"] {
        let t = transcribed(&[silence(0.3), say(word), silence(0.8)].concat());
        assert_eq!(letters(&t.text), word.to_lowercase());
    }
}

#[test]
fn speech_without_end_is_cut_and_no_sentence_is_lost() {
    let sentence = say("Please close the window before you leave the house.");
    let samples: Vec<f32> = std::iter::repeat_n(sentence, 16).flatten().collect();
    let t = transcribed(&samples);
    assert!(t.segments.len() >= 2 && t.segments.iter().all(|s| s.end_s - s.start_s <= 30.0));
    let heard = letters(&t.text).matches("before you leave the house").count();
    assert!(heard >= 15, "{heard} of 16: {}", t.text);
}

#[test]
fn no_words_without_speech() {
    let tone = |hz: f32| (0..96_000).map(move |i| (i as f32 * hz * std::f32::consts::TAU / 16_000.0).sin() * 0.2);
    let chord = tone(261.6).zip(tone(329.6)).zip(tone(392.0)).map(|((a, b), c)| a + b + c).collect();
    let mut rng = fastrand::Rng::with_seed(1);
    let white: Vec<f32> = (0..96_000).map(|_| (rng.f32() - 0.5) * 0.2).collect();
    // Pink enough: three leaky integrators of different speeds.
    let mut low = [0f32; 3];
    let pink = white.iter().map(|w| {
        low.iter_mut().zip([0.5, 0.9, 0.99]).for_each(|(l, leak)| *l = *l * leak + w * (1.0 - leak));
        low.iter().sum::<f32>() * 2.0
    });
    let pink: Vec<f32> = pink.collect();
    let mut recognizer = moonshine();
    for (name, samples) in [("silence", silence(6.0)), ("chord", chord), ("white noise", white), ("pink noise", pink)] {
        assert_eq!(transcribed(&samples).text, "", "{name}");
        assert_eq!(recognizer.transcribe(&samples).unwrap().text, "", "{name}, past the voice detector");
    }
    assert!(recognizer.transcribe(&[]).unwrap().words.is_empty());
    assert!(recognizer.transcribe(&[0.0; 10]).unwrap().words.is_empty());
}

#[test]
fn silero_remembers_exactly_and_does_not_mind_how_it_is_asked() {
    let mut samples = [silence(0.5), say("The river flows under the old bridge."), silence(0.5)].concat();
    samples.truncate(samples.len() / FRAME * FRAME);
    let whole = silero().probabilities(&samples).unwrap();
    assert!(whole[..10].iter().all(|p| *p < 0.2) && whole.iter().filter(|p| **p > 0.8).count() > 40);
    let mut detector = silero();
    let mut pieces = Vec::new();
    for frame in samples.chunks(FRAME) {
        let state = detector.save();
        assert!(state.len() <= 2048);
        // Something else in between, as when streams interleave.
        detector.reset();
        detector.probabilities(&samples[..3 * FRAME]).unwrap();
        detector.load(&state).unwrap();
        pieces.extend(detector.probabilities(frame).unwrap());
    }
    assert_eq!(pieces, whole);
    assert_eq!(detector.load(&[0; 9]).unwrap_err().kind, Kind::Bug);
    assert!(detector.probabilities(&samples[..100]).is_err());
}

#[test]
fn missing_and_damaged_models_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::load(&models()).unwrap();
    let here = Models::at(folder.path());
    let missing = Silero::load(&runtime, &here).err().unwrap();
    assert!(missing.kind == Kind::Stop && missing.message().contains("loom models pull"), "{missing}");
    let mut bytes = std::fs::read(models().path("silero-vad-6.2.3", "silero_vad_16k_sequence.onnx").unwrap()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::create_dir(folder.path().join("silero-vad-6.2.3")).unwrap();
    std::fs::write(folder.path().join("silero-vad-6.2.3/silero_vad_16k_sequence.onnx"), &bytes).unwrap();
    let damaged = Silero::load(&runtime, &here).err().unwrap();
    assert!(damaged.kind == Kind::Stop && damaged.message().contains("damaged"), "{damaged}");
    assert!(Moonshine::load(&runtime, &here).is_err());
}
