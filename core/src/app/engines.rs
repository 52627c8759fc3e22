//! The models behind the stages: found at first use, so that a start is quick and a missing one is waited for.

use std::sync::Arc;

use loom_models::Models;

use crate::api::ModelRow;
use crate::dedup::Pictures;
use crate::error::{Error, Result};
use crate::speech::hush::Hush;
use crate::speech::lazy::Lazy;
use crate::speech::recognise::Factory;
use crate::speech::runtime::Runtime;
use crate::speech::silero::{self, Silero};
use crate::speech::stt::moonshine::{self, Moonshine};
use crate::speech::{Recognizer, VoiceDetector};

pub const ENGINE: &str = moonshine::ID;
pub const MODEL: &str = moonshine::MODEL;

/// Errors: `Invalid` where there is no engine of this name.
pub fn known(engine: &str) -> Result<()> {
    if engine == ENGINE { Ok(()) } else { Err(Error::invalid(format!("there is no such engine: take {ENGINE}"))) }
}

/// Silero, loaded with the first frame.
pub fn detector(models: &Models) -> Box<dyn VoiceDetector> {
    let models = models.clone();
    Box::new(Lazy::new(silero::ID, silero::MODEL, Box::new(move || Ok(Box::new(load_detector(&models)?)))))
}

/// The embedded recogniser, loaded on each worker's thread with its first job.
pub fn recognizer(models: &Models) -> Factory {
    let models = models.clone();
    Arc::new(move || Ok(Box::new(load_recognizer(&models)?) as Box<dyn Recognizer>))
}

pub fn load_detector(models: &Models) -> Result<Hush<Silero>> {
    Ok(Hush::new(Silero::load(&Runtime::load(models)?, models)?))
}

pub fn load_recognizer(models: &Models) -> Result<Moonshine> {
    Moonshine::load(&Runtime::load(models)?, models)
}

pub fn model_rows(models: &Models) -> Vec<ModelRow> {
    let row = |s: loom_models::Status| ModelRow {
        id: s.id.into(),
        description: s.what.into(),
        licence: s.licence.into(),
        bytes: s.bytes,
        state: s.state.as_str().into(),
        folder: s.folder.map(|f| f.display().to_string()),
    };
    models.list().into_iter().map(row).collect()
}

/// Pictures that records name, looked at where this Loom can.
pub fn pictures(files: &std::path::Path) -> Arc<dyn Pictures> {
    #[cfg(feature = "pictures")]
    return Arc::new(crate::dedup::FilePictures::at(files));
    #[cfg(not(feature = "pictures"))]
    {
        let _ = files;
        Arc::new(crate::dedup::NoPictures)
    }
}
