//! ONNX Runtime: loaded once for the process, from the models folders.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use loom_models::Models;
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;

use crate::error::{Error, Result};

const ID: &str = "onnxruntime-1.31.1";

static LOADED: Mutex<Option<Environment>> = Mutex::new(None);

/// The loaded library; makes sessions.
#[derive(Clone, Debug)]
pub struct Runtime(Environment);

impl Runtime {
    /// The first call loads the library and later ones share it, wherever they look.
    ///
    /// Errors: `Stop` if the library is missing or cannot be loaded.
    pub fn load(models: &Models) -> Result<Self> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(environment) = &*loaded {
            return Ok(Self(environment.clone()));
        }
        let library = models.library(ID).map_err(not_there)?;
        let unusable = || Error::stop("the speech runtime (ONNX Runtime) cannot be loaded: run `loom models verify`");
        let builder = ort::init_from(&library).map_err(|e| unusable().because(e.to_string()))?;
        let environment = builder.with_name("loom").with_telemetry(false).build().map_err(|e| unusable().because(e))?;
        environment.set_log_level(ort::logging::LogLevel::Error);
        *loaded = Some(environment.clone());
        Ok(Self(environment))
    }

    /// A model on one thread that sleeps while it has nothing to do.
    ///
    /// Errors: `Stop` if the file is missing or damaged, saying what fetches it.
    pub fn session(&self, models: &Models, id: &str, file: &str) -> Result<Session> {
        let model = models.path(id, file).map_err(not_there)?;
        self.open(&model).map_err(|e| Error::stop("a speech model cannot be read: run `loom models verify`").because(e.to_string()))
    }

    fn open(&self, model: &Path) -> ort::Result<Session> {
        // Files in the .ort format were optimised when they were made.
        let ready = model.extension().is_some_and(|e| e == "ort");
        let level = if ready { GraphOptimizationLevel::Disable } else { GraphOptimizationLevel::All };
        Session::builder(&self.0)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_memory_pattern(false)?
            .with_optimization_level(level)?
            .commit_from_file(model)
    }
}

/// The models' own sentence says what to do.
pub(super) fn not_there(e: loom_models::Error) -> Error {
    Error::stop(e.message().to_string()).because(e)
}

/// A failed run of a model that loaded.
pub(super) fn failed(e: ort::Error) -> Error {
    Error::retry("a speech model failed to run").because(e)
}
