//! A data folder, opened in this process: locked, and its API ready to be asked without a socket.

use std::sync::Arc;

use loom_core::Result;
use loom_core::api;
use loom_core::app::App;
use loom_core::data_dir::Lock;
use loom_core::env::System;

use crate::context::Context;

pub struct Home {
    pub app: Arc<App>,
    pub state: Arc<api::State>,
    pub token: String,
    /// Last, so that whoever comes next finds everything closed.
    _lock: Lock,
}

impl Home {
    /// Opens the folder that `lock` holds.
    pub fn open(context: &Context, lock: Lock) -> Result<Self> {
        let token = context.dir.token(&System)?;
        let app = App::open(&context.dir, context.settings.clone())?;
        let state = app.api_state(token.clone());
        Ok(Self { app, state, token, _lock: lock })
    }
}
