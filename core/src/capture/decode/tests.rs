use std::f64::consts::TAU;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::Kind;

/// One second of 0.5·sin 2π(300t + 1000t²) at 16 kHz.
fn chirp() -> Vec<f32> {
    let at = |n: usize| n as f64 / 16_000.0;
    (0..16_000).map(|n| (0.5 * (TAU * (300.0 * at(n) + 1000.0 * at(n) * at(n))).sin()) as f32).collect()
}

/// A WAV of these 16-bit samples, interleaved.
pub(in crate::capture) fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let block = channels * 2;
    let data = (samples.len() * 2) as u32;
    let mut out = Vec::new();
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + data).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
    out.extend_from_slice(&channels.to_le_bytes());
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate * u32::from(block)).to_le_bytes());
    out.extend_from_slice(&block.to_le_bytes());
    out.extend_from_slice(b"\x10\0data");
    out.extend_from_slice(&data.to_le_bytes());
    out.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    out
}

fn pcm(samples: &[f32]) -> Vec<i16> {
    samples.iter().map(|s| (s * 32768.0).round() as i16).collect()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
    fn sox(&self, name: &str, options: &[&str]) -> PathBuf {
        self.sox_of(&chirp(), name, options)
    }
    /// Written by sox, which the test set-up installs.
    fn sox_of(&self, samples: &[f32], name: &str, options: &[&str]) -> PathBuf {
        let (from, to) = (self.put("chirp.wav", &wav(16_000, 1, &pcm(samples))), self.0.path().join(name));
        // Without -D it dithers, by chance.
        let run = Command::new("sox").args(["-D", "-V1"]).arg(from).args(options).arg(&to).status();
        assert!(run.expect("these tests need sox: apt-get install sox").success(), "sox cannot write {name}");
        to
    }
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name)
}

fn all(decoder: &mut Decoder) -> Vec<f32> {
    let mut out = Vec::new();
    for block in decoder {
        out.extend(block.unwrap());
    }
    out
}

fn decode(path: &Path) -> Vec<f32> {
    all(&mut open(path).unwrap())
}

/// How well two signals agree, 1 being equal up to level, at the lag where they agree best.
fn likeness(a: &[f32], b: &[f32]) -> (i32, f64) {
    let at = |lag: i32| {
        let pairs = (200..b.len() - 200).filter_map(|n| Some((*a.get((n as i32 + lag) as usize)?, b[n])));
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (x, y) in pairs {
            let (x, y) = (f64::from(x), f64::from(y));
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
        }
        ab / (aa * bb).sqrt().max(1e-9)
    };
    (-200..=200).map(|lag| (lag, at(lag))).max_by(|x, y| x.1.total_cmp(&y.1)).unwrap()
}

#[test]
fn lossless_formats_at_16_khz_come_out_bit_for_bit() {
    let f = Folder::new();
    let want = pcm(&chirp());
    for name in ["a.wav", "a.flac", "a.aiff"] {
        assert_eq!(pcm(&decode(&f.sox(name, &[]))), want, "{name}");
    }
    for (bits, name) in [("24", "b.wav"), ("32", "c.wav"), ("24", "d.flac")] {
        assert_eq!(pcm(&decode(&f.sox(name, &["-b", bits]))), want, "{bits} bits, {name}");
    }
    assert_eq!(pcm(&decode(&f.sox("e.wav", &["-e", "floating-point"]))), want);
}

#[test]
fn every_format_gives_the_same_sound_at_the_same_place() {
    let f = Folder::new();
    let cases = [
        (fixture("chirp-aac.m4a"), 0.98),
        (fixture("chirp-alac.m4a"), 0.999),
        (fixture("chirp-opus.ogg"), 0.98),
        (fixture("chirp-opus.webm"), 0.98),
        (fixture("chirp.mp3"), 0.98),
        (f.sox("a.ogg", &[]), 0.98),
        (f.sox("mulaw.wav", &["-e", "mu-law"]), 0.999),
        (f.sox("ima.wav", &["-e", "ima-adpcm"]), 0.98),
        (f.sox("8k.wav", &["-r", "8000"]), 0.999),
        (f.sox("11k.flac", &["-r", "11025"]), 0.999),
        (f.sox("22k.wav", &["-r", "22050"]), 0.999),
        (f.sox("44k.ogg", &["-r", "44100"]), 0.98),
        (f.sox("48k.flac", &["-r", "48000", "-c", "2"]), 0.999),
        (f.sox("96k.wav", &["-r", "96000"]), 0.999),
        (f.sox("192k.wav", &["-r", "192000", "-c", "2"]), 0.999),
    ];
    for (path, least) in cases {
        let mut decoder = open(&path).unwrap();
        let (hint, samples) = (decoder.duration_hint_s(), all(&mut decoder));
        let name = path.file_name().unwrap().to_string_lossy();
        let (lag, same) = likeness(&samples, &chirp());
        assert!(same > least, "{name}: {same} alike");
        // Opus delays by a fraction of a sample of its own.
        assert!(lag.abs() <= i32::from(name.contains("opus")), "{name} is shifted by {lag}");
        // Lossy codecs pad their last frame.
        assert!((16_000..17_100).contains(&samples.len()), "{name}: {} samples", samples.len());
        assert!(hint.is_none_or(|h| (0.99..1.1).contains(&h)), "{name}: {hint:?}");
        assert!(!decoder.truncated() && decoder.warnings().is_empty(), "{name}: {:?}", decoder.warnings());
    }
}

#[test]
fn channels_are_averaged() {
    let f = Folder::new();
    for channels in [2u16, 3, 6, 8, 16] {
        // One channel speaks at a level that the average brings back to 1000.
        let frame = |n: usize| if n == 1 { 1000 * channels as i16 } else { 0 };
        let samples: Vec<i16> = (0..1000).flat_map(|_| (0..channels as usize).map(frame)).collect();
        let out = decode(&f.put("m.wav", &wav(16_000, channels, &samples)));
        assert_eq!(pcm(&out), vec![1000; 1000], "{channels} channels");
    }
}

#[test]
fn the_extension_is_only_a_hint() {
    let f = Folder::new();
    let flac = fs::read(f.sox("a.flac", &[])).unwrap();
    for name in ["really-flac.mp3", "really-flac", "really-flac.wav", "really-flac.txt"] {
        assert_eq!(decode(&f.put(name, &flac)).len(), 16_000, "{name}");
    }
}

#[test]
fn blocks_are_a_second_each() {
    let f = Folder::new();
    let path = f.put("long.wav", &wav(16_000, 1, &vec![7; 40_000]));
    let sizes: Vec<usize> = open(&path).unwrap().map(|b| b.unwrap().len()).collect();
    assert_eq!(sizes, [16_000, 16_000, 8_000]);
}

#[test]
fn bad_files_get_one_clear_sentence() {
    let f = Folder::new();
    let mut rng = fastrand::Rng::with_seed(2);
    let random: Vec<u8> = (0..50_000).map(|_| rng.u8(..)).collect();
    let mut protected = fs::read(fixture("chirp-aac.m4a")).unwrap();
    let at = protected.windows(4).position(|w| w == b"mp4a").unwrap();
    protected[at..at + 4].copy_from_slice(b"enca");
    let mut silent = fs::read(fixture("chirp-aac.m4a")).unwrap();
    let at = silent.windows(4).position(|w| w == b"mp4a").unwrap();
    silent[at..at + 4].copy_from_slice(b"tx3g");
    let mut zero_hz = wav(16_000, 1, &[1; 500]);
    zero_hz[24..28].fill(0);
    let cases = [
        (f.put("text.wav", &b"this is no sound ".repeat(50)), "no sound was recognised"),
        (f.put("empty.wav", b""), "empty"),
        (f.put("zero_hz.wav", &zero_hz), "0 Hz"),
        (f.put("no_channels.wav", &wav(16_000, 0, &[0; 2000])), "no channels"),
        (f.put("no_samples.wav", &wav(16_000, 1, &[])), "no sound"),
        (f.put("only_a_header.wav", &wav(16_000, 1, &[1; 500])[..30]), "no samples"),
        (f.put("same.bin", &[7; 50_000]), "no sound was recognised"),
        (f.put("random.flac", &random), "no sound was recognised"),
        (f.put("cut.m4a", &[&b"\0\0\0 ftypM4A "[..], &random[..300]].concat()), "index is missing"),
        (f.put("no_index.m4a", &fs::read(fixture("chirp-aac.m4a")).unwrap()[..3000]), "index is missing"),
        (f.put("protected.m4a", &protected), "encrypted"),
        (f.put("subtitles_only.m4a", &silent), "no sound in it"),
        (f.put("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0"), "no sound was recognised"),
        (f.0.path().join("absent.flac"), "no such file"),
        (f.0.path().to_path_buf(), "folder"),
    ];
    for (path, part) in cases {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let e = open(&path).err().unwrap_or_else(|| panic!("{name} was taken"));
        assert_eq!(e.kind, Kind::Invalid, "{name}");
        assert!(e.message().contains(part), "{name}: {}", e.message());
        assert!(!e.message().contains('\n') && e.message().starts_with(|c: char| c.is_lowercase()), "{}", e.message());
    }
}

#[test]
fn random_bytes_are_never_sound() {
    let f = Folder::new();
    let mut rng = fastrand::Rng::with_seed(3);
    for i in 0..60 {
        let bytes: Vec<u8> = (0..rng.usize(1..200_000)).map(|_| rng.u8(..)).collect();
        let path = f.put("random.mp3", &bytes);
        assert!(open(&path).is_err(), "{i}: {} random bytes were taken", bytes.len());
    }
}

/// Every format we can make, whole.
fn every_format(f: &Folder) -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<_> = ["chirp-aac.m4a", "chirp-alac.m4a", "chirp-opus.ogg", "chirp-opus.webm", "chirp.mp3"]
        .map(|n| (n, fs::read(fixture(n)).unwrap()))
        .into();
    // Vorbis packs four seconds into a page: longer, so that there are some to lose.
    all.push(("a.ogg", fs::read(f.sox_of(&chirp().repeat(16), "a.ogg", &[])).unwrap()));
    let long = chirp().repeat(2);
    for name in ["a.wav", "a.flac", "a.aiff"] {
        all.push((name, fs::read(f.sox_of(&long, name, &[])).unwrap()));
    }
    all.push(("ima.wav", fs::read(f.sox_of(&long, "ima.wav", &["-e", "ima-adpcm"])).unwrap()));
    all
}

#[test]
fn a_file_cut_off_gives_what_is_there() {
    let f = Folder::new();
    for (name, bytes) in every_format(&f) {
        if name.ends_with(".m4a") {
            continue; // Without its index, at its end, nothing can be found: see the bad files.
        }
        let whole = decode(&f.put(name, &bytes));
        let path = f.put(name, &bytes[..bytes.len() * 2 / 3]);
        let mut decoder = open(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        let part = all(&mut decoder);
        assert!(part.len() > whole.len() / 3 && part.len() < whole.len() * 9 / 10, "{name}: {} of {}", part.len(), whole.len());
        let same = likeness(&part, &whole[..part.len() - 2000]);
        assert!(same.0 == 0 && same.1 > 0.99, "{name}: {same:?}");
        // An mp3 says how many frames it has, but joined files say it wrong, so it is not believed.
        assert_eq!(decoder.truncated(), name != "chirp.mp3", "{name}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let f = Folder::new();
    let mut rng = fastrand::Rng::with_seed(4);
    let (mut taken, mut refused) = (0, 0);
    for (name, bytes) in every_format(&f) {
        for i in 0..120 {
            let mut broken = bytes.clone();
            match i % 3 {
                0 => broken.truncate(rng.usize(1..bytes.len())),
                1 => (0..rng.usize(1..20)).for_each(|_| broken[rng.usize(..bytes.len())] ^= 1 << rng.u8(..8)),
                // Headers are where it hurts.
                _ => (0..rng.usize(1..6)).for_each(|_| broken[rng.usize(..200)] = rng.u8(..)),
            }
            match open(&f.put(name, &broken)) {
                Ok(decoder) => {
                    taken += 1;
                    let seconds = decoder.filter_map(Result::ok).map(|b| b.len()).sum::<usize>() / BLOCK;
                    assert!(seconds < 600, "{name} {i}: {seconds} s from one");
                }
                Err(e) => {
                    refused += 1;
                    assert_eq!(e.kind, Kind::Invalid, "{name} {i}: {e}");
                }
            }
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused: the damage is not varied");
}

#[test]
fn a_damaged_place_becomes_silence_and_what_follows_keeps_its_time() {
    let f = Folder::new();
    let mut bytes = fs::read(f.sox("a.flac", &[])).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0x55);
    let mut decoder = open(&f.put("scratched.flac", &bytes)).unwrap();
    let out = all(&mut decoder);
    assert_eq!(pcm(&out[out.len() - 3000..]), pcm(&chirp()[13_000..]));
    assert!(out.len() == 16_000, "{} samples", out.len());
}

#[test]
fn a_wav_is_read_to_its_present_end() {
    let f = Folder::new();
    let samples = pcm(&chirp());
    let whole = wav(16_000, 1, &samples);
    let sized = |riff: u32, data: u32| {
        let mut b = whole.clone();
        b[4..8].copy_from_slice(&riff.to_le_bytes());
        b[40..44].copy_from_slice(&data.to_le_bytes());
        b
    };
    // Not known yet, in the ways that recorders write it: all that is there, and nothing is missing.
    for (riff, data) in [(0, 0), (u32::MAX, u32::MAX), (0x7fff_ffff, 0x7fff_fff0), (36, 0), (0x8000_0024, 0x8000_0000)] {
        let mut d = open(&f.put("growing.wav", &sized(riff, data))).unwrap();
        assert_eq!(pcm(&all(&mut d)), samples, "{riff:x} {data:x}");
        assert!(!d.truncated(), "{riff:x} {data:x}");
    }
    // A size beyond the end is a promise that was not kept.
    let mut d = open(&f.put("cut.wav", &sized(200_036, 200_000))).unwrap();
    assert_eq!(pcm(&all(&mut d)), samples);
    assert!(d.truncated());
    // Half a sample at the end, and what is appended while it is read.
    let path = f.put("odd.wav", &[&sized(0, 0)[..], &[1]].concat());
    let mut d = open(&path).unwrap();
    fs::File::options().append(true).open(&path).unwrap().write_all(&[9; 4000]).unwrap();
    assert_eq!(pcm(&all(&mut d)), samples);
}

#[test]
fn a_long_wav_of_another_kind_is_taken() {
    // RF64: the sizes are in a chunk of their own.
    let f = Folder::new();
    let samples = pcm(&chirp());
    let plain = wav(16_000, 1, &samples);
    let data = (samples.len() * 2) as u64;
    let ds64 = [&b"ds64\x1c\0\0\0"[..], &(data + 72).to_le_bytes(), &data.to_le_bytes(), &16_000u64.to_le_bytes(), &[0; 4]].concat();
    let bytes =
        [&b"RF64\xff\xff\xff\xffWAVE"[..], &ds64, &plain[12..36], b"data\xff\xff\xff\xff", &plain[44..], b"LIST\x04\0\0\0abcd"].concat();
    let mut d = open(&f.put("rf64.wav", &bytes)).unwrap();
    assert_eq!(pcm(&all(&mut d)), samples);
    assert!(!d.truncated());
}

#[test]
fn the_container_tells_when_it_was_made() {
    let f = Folder::new();
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let mut bext = vec![0u8; 602];
    bext[320..338].copy_from_slice(b"2024-05-0607-08-09");
    let plain = wav(16_000, 1, &[5; 1600]);
    let bwf = [&plain[..12], b"bext\x5a\x02\0\0", &bext, &plain[12..]].concat();
    let flac = |name: &str, date: &str| f.sox(name, &["--comment", date]);
    let cases = [
        (fixture("chirp-aac.m4a"), Some("2024-05-06T07:08:09.000000Z")),
        (fixture("chirp-alac.m4a"), None),
        (fixture("chirp.mp3"), Some("2024-05-06T07:08:09.000000Z")),
        (fixture("chirp-opus.ogg"), Some("2024-05-06T05:08:09.000000Z")),
        (f.put("b.wav", &bwf), Some("2024-05-06T05:08:09.000000Z")),
        (flac("offset.flac", "DATE=2024-05-06T07:08:09.5+01:00"), Some("2024-05-06T06:08:09.500000Z")),
        (flac("local.flac", "DATE=2024-05-06 07:08:09"), Some("2024-05-06T05:08:09.000000Z")),
        (flac("day.flac", "DATE=2024-05-06"), None),
        (flac("minute.flac", "DATE=2024-05-06T07:08"), None),
        (flac("unset.flac", "DATE=1970-01-01T00:00:03Z"), None),
        (flac("nonsense.flac", "DATE=yesterday at noon, I think"), None),
        (f.sox("none.flac", &[]), None),
    ];
    for (path, want) in cases {
        let time = open(&path).unwrap().container_time(&zone).map(|t| t.to_string());
        assert_eq!(time.as_deref(), want, "{}", path.display());
    }
}

#[test]
fn joined_mp3_files_are_played_to_the_end() {
    let f = Folder::new();
    let one = fs::read(fixture("chirp.mp3")).unwrap();
    let joined = decode(&f.put("joined.mp3", &[&one[..], &one].concat()));
    assert!((32_000..36_000).contains(&joined.len()), "{} samples", joined.len());
}
