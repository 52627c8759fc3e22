//! Every model and native library that Loom can fetch, as data: the one file to touch for another.
//!
//! A file's checksum is of the file as it lies in its package, or as our own conversion makes it.

use crate::convert::Recipe;

/// Something that is fetched, verified and removed as one; its files lie in `<models folder>/<id>/`.
#[derive(Debug)]
pub struct Entry {
    pub id: &'static str,
    /// In a few words, for a person.
    pub what: &'static str,
    pub licence: &'static str,
    /// Fetched by set-up without being asked for.
    pub default: bool,
    pub files: &'static [File],
}

#[derive(Debug)]
pub struct File {
    pub name: &'static str,
    pub bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: &'static str,
    pub origin: Origin,
    /// (`std::env::consts::OS`, `ARCH`) where this file is meant to run; none: anywhere.
    pub platform: Option<(&'static str, &'static str)>,
}

#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// A file inside a published package.
    Package { package: &'static Package, path: &'static str },
    /// Made from another file of the same entry.
    Made { from: &'static str, by: Recipe },
}

#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    pub client: Client,
    pub name: &'static str,
    pub version: &'static str,
    /// Size of the download.
    pub bytes: u64,
}

/// The client that fetches a package by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Python's pip; the wheel's platform tag, where it has one.
    Pip {
        platform: Option<&'static str>,
    },
    Npm,
}

impl Entry {
    /// The files that this machine needs; empty where the entry cannot be had for it.
    pub fn files_here(&self) -> impl Iterator<Item = &'static File> + use<> {
        let here = (std::env::consts::OS, std::env::consts::ARCH);
        self.files.iter().filter(move |f| f.platform.is_none_or(|p| p == here))
    }

    pub fn is_for_this_machine(&self) -> bool {
        self.files_here().next().is_some()
    }

    pub fn bytes(&self) -> u64 {
        self.files_here().map(|f| f.bytes).sum()
    }
}

pub static CATALOGUE: &[Entry] = &[
    Entry {
        id: "moonshine-tiny-en",
        what: "speech to text, English (Moonshine tiny)",
        licence: "MIT",
        default: true,
        files: &[
            File {
                name: "encoder_model.ort",
                bytes: 13_281_600,
                sha256: "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
                origin: from(&MOONSHINE, "moonshine_voice/assets/tiny-en/encoder_model.ort"),
                platform: None,
            },
            File {
                name: "decoder_model_merged.ort",
                bytes: 30_412_256,
                sha256: "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
                origin: from(&MOONSHINE, "moonshine_voice/assets/tiny-en/decoder_model_merged.ort"),
                platform: None,
            },
            File {
                name: "tokenizer.bin",
                bytes: 249_974,
                sha256: "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
                origin: from(&MOONSHINE, "moonshine_voice/assets/tiny-en/tokenizer.bin"),
                platform: None,
            },
            File {
                name: "decoder_model_merged.cross.onnx",
                bytes: 29_532_182,
                sha256: "533443bf34299d48520d299bb787b0fe5419477291c9fe4f54d814c5d404edde",
                origin: Origin::Made { from: "decoder_model_merged.ort", by: Recipe::CrossAttentions },
                platform: None,
            },
            File {
                name: "decoder_kv.onnx",
                bytes: 1_006_807,
                sha256: "2b847a5dd88d15c86d26f888086da94bee5b50d90c96b6567f24bc2bfbe61dc3",
                origin: Origin::Made { from: "decoder_model_merged.ort", by: Recipe::KeyValues },
                platform: None,
            },
            File {
                name: "decoder_step.onnx",
                bytes: 28_031_348,
                sha256: "45662a0363f714c8335e5d84646205ffb2f0de2ff4bdd6c1b0d67af29979e431",
                origin: Origin::Made { from: "decoder_model_merged.ort", by: Recipe::Step },
                platform: None,
            },
        ],
    },
    Entry {
        id: "silero-vad-6.2.3",
        what: "voice activity detection (Silero)",
        licence: "MIT",
        default: true,
        files: &[
            File {
                name: "silero_vad_16k_op15.onnx",
                bytes: 1_289_603,
                sha256: "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
                origin: from(&SILERO, "silero_vad/data/silero_vad_16k_op15.onnx"),
                platform: None,
            },
            File {
                name: "silero_vad_16k_sequence.onnx",
                bytes: 1_246_165,
                sha256: "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
                origin: from(&SILERO, "silero_vad/data/silero_vad_16k_sequence.onnx"),
                platform: None,
            },
        ],
    },
    Entry {
        id: "onnxruntime-1.31.1",
        what: "native library that runs the models (ONNX Runtime)",
        licence: "MIT",
        default: true,
        files: &[
            File {
                name: "libonnxruntime.so",
                bytes: 29_352_200,
                sha256: "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
                origin: from(&ONNXRUNTIME_LINUX_X64, "onnxruntime/capi/libonnxruntime.so.1.31.1"),
                platform: Some(("linux", "x86_64")),
            },
            File {
                name: "libonnxruntime.so",
                bytes: 25_265_040,
                sha256: "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
                origin: from(&ONNXRUNTIME_LINUX_ARM64, "onnxruntime/capi/libonnxruntime.so.1.31.1"),
                platform: Some(("linux", "aarch64")),
            },
            File {
                name: "libonnxruntime.dylib",
                bytes: 33_037_336,
                sha256: "f8b06155feece624e55e49124340eea279da812529ae6fbc46a9f2be9c9cad2e",
                origin: from(&ONNXRUNTIME_MACOS_ARM64, "onnxruntime/capi/libonnxruntime.1.31.1.dylib"),
                platform: Some(("macos", "aarch64")),
            },
            File {
                name: "onnxruntime.dll",
                bytes: 19_288_888,
                sha256: "8482d2ee174e28504f99730fb01d6861575870283de4ed3a897ad39170d9a9b9",
                origin: from(&ONNXRUNTIME_WINDOWS_X64, "onnxruntime/capi/onnxruntime.dll"),
                platform: Some(("windows", "x86_64")),
            },
            File {
                name: "onnxruntime.dll",
                bytes: 19_171_640,
                sha256: "f4f7729bf4aa0c78b6ab5253747f3593bb9a28b4c4275a0a9f59f04ea580d61f",
                origin: from(&ONNXRUNTIME_WINDOWS_ARM64, "onnxruntime/capi/onnxruntime.dll"),
                platform: Some(("windows", "aarch64")),
            },
        ],
    },
    Entry {
        id: "duckdb-1.5.6",
        what: "native library for analytics (DuckDB)",
        licence: "MIT",
        default: true,
        files: &[File {
            name: "libduckdb.so",
            bytes: 70_546_800,
            sha256: "3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633",
            origin: from(&DUCKDB_LINUX_X64, "package/libduckdb.so"),
            platform: Some(("linux", "x86_64")),
        }],
    },
    Entry {
        id: "test-speech",
        what: "two recordings of read speech for the tests",
        licence: "as distributed in moonshine-voice (MIT)",
        default: false,
        files: &[
            File {
                name: "two_cities.wav",
                bytes: 4_260_326,
                sha256: "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e",
                origin: from(&MOONSHINE, "moonshine_voice/assets/two_cities.wav"),
                platform: None,
            },
            File {
                name: "beckett.wav",
                bytes: 318_978,
                sha256: "e5a26b3d29e5b0bc8dbd72c11d16a3808a4ec0ac45b21f12a27d2a2fe5c5ae61",
                origin: from(&MOONSHINE, "moonshine_voice/assets/beckett.wav"),
                platform: None,
            },
        ],
    },
];

// Only the model files of this wheel are used, so its platform does not matter.
static MOONSHINE: Package = pip("moonshine-voice", "0.1.0", Some("manylinux_2_34_x86_64"), 56_369_045);
static SILERO: Package = pip("silero-vad", "6.2.3", None, 11_317_527);
static ONNXRUNTIME_LINUX_X64: Package = pip("onnxruntime", "1.31.1", Some("manylinux_2_28_x86_64"), 23_753_652);
static ONNXRUNTIME_LINUX_ARM64: Package = pip("onnxruntime", "1.31.1", Some("manylinux_2_28_aarch64"), 21_413_526);
static ONNXRUNTIME_MACOS_ARM64: Package = pip("onnxruntime", "1.31.1", Some("macosx_14_0_arm64"), 20_871_676);
static ONNXRUNTIME_WINDOWS_X64: Package = pip("onnxruntime", "1.31.1", Some("win_amd64"), 14_885_761);
static ONNXRUNTIME_WINDOWS_ARM64: Package = pip("onnxruntime", "1.31.1", Some("win_arm64"), 14_735_267);
static DUCKDB_LINUX_X64: Package =
    Package { client: Client::Npm, name: "@duckdb/node-bindings-linux-x64", version: "1.5.6-r.1", bytes: 23_927_610 };

const fn pip(name: &'static str, version: &'static str, platform: Option<&'static str>, bytes: u64) -> Package {
    Package { client: Client::Pip { platform }, name, version, bytes }
}

const fn from(package: &'static Package, path: &'static str) -> Origin {
    Origin::Package { package, path }
}
