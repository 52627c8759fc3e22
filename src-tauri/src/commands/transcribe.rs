//! `loom transcribe`: the words of recordings, nothing stored.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use loom_core::app::engines;
use loom_core::capture::decode;
use loom_core::speech::formats::{self, FileTranscription};
use loom_core::speech::transcribe::{Transcription, transcribe};
use loom_core::speech::{Recognizer, VoiceDetector};
use loom_core::{Error, Result};
use loom_models::Models;

use crate::context::Context;
use crate::output;

#[derive(clap::Args)]
pub struct Args {
    /// Recordings: wav, flac, mp3, m4a, ogg, opus
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The recogniser [default: as the settings say]
    #[arg(long, value_name = "ID")]
    engine: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    /// A line a file
    Json,
    Srt,
    Vtt,
}

/// A file that fails is named in a sentence, the others are done.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let engine = args.engine.as_deref().unwrap_or(&context.settings.engine);
    engines::known(engine)?;
    let mut loaded = None;
    let mut failed = false;
    for (number, file) in args.files.iter().enumerate() {
        match one(file, context, &mut loaded) {
            Ok((t, warnings)) => {
                warnings.iter().for_each(|w| output::complain(&format!("{}: {w}", file.display())));
                print(args, number, file, &t)?;
            }
            Err(Failed::Models(e)) => return Err(e),
            Err(Failed::File(e)) => {
                failed = true;
                output::complain(&format!("{}: {e}", file.display()));
            }
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

struct Engines {
    detector: Box<dyn VoiceDetector>,
    recognizer: Box<dyn Recognizer>,
}

/// Without models no file can be done; a file that cannot be done is one.
enum Failed {
    Models(Error),
    File(Error),
}

/// The words, and what a person should know about the file. Models are loaded for the first file that decodes.
fn one(file: &Path, context: &Context, loaded: &mut Option<Engines>) -> Result<(Transcription, Vec<String>), Failed> {
    let mut decoder = decode::open(file).map_err(Failed::File)?;
    let engines = match loaded {
        Some(e) => e,
        none => none.insert(load(&Models::find(Some(context.dir.path()))).map_err(Failed::Models)?),
    };
    let total = decoder.duration_hint_s();
    let mut done = 0;
    let mut watched = decoder.by_ref().inspect(|block| {
        done += block.as_ref().map_or(0, Vec::len);
        output::progress_of(file, done as f64 / 16_000.0, total);
    });
    let transcription = transcribe(&mut watched, &mut *engines.detector, &mut *engines.recognizer);
    output::progress("");
    Ok((transcription.map_err(Failed::File)?, decoder.warnings()))
}

fn load(models: &Models) -> Result<Engines> {
    Ok(Engines { detector: Box::new(engines::load_detector(models)?), recognizer: Box::new(engines::load_recognizer(models)?) })
}

fn print(args: &Args, number: usize, file: &Path, t: &Transcription) -> Result<()> {
    match args.format {
        Format::Json => {
            let row = FileTranscription { file: &file.to_string_lossy(), transcription: t };
            output::line(&serde_json::to_string(&row).map_err(|e| Error::bug("a transcription does not serialise").because(e))?);
        }
        Format::Srt => output::write_out(formats::srt(t).as_bytes()),
        Format::Vtt => output::write_out(formats::vtt(t).as_bytes()),
        Format::Text => {
            if args.files.len() > 1 {
                let gap = if number > 0 { "\n" } else { "" };
                output::line(&format!("{gap}{}:", output::printable(&file.to_string_lossy())));
            }
            output::write_out(formats::text(t).as_bytes());
        }
    }
    Ok(())
}
