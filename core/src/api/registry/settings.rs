//! Levels and modes, of a subject and of all.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answered, Asked, Body, Reply, ask};
use crate::api::state::State;
use crate::schema::registry::{Level, Mode, Refusal, Setting};

/// What holds for all is kept under the empty name.
const ALL: &str = "";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    #[serde(alias = "compatibilityLevel")]
    compatibility: Option<String>,
    normalize: Option<bool>,
}

#[derive(Deserialize)]
pub struct ModeBody {
    mode: String,
}

fn told(word: &str, level: Option<Level>, setting: &Setting) -> Value {
    let mut out = json!({});
    if let Some(level) = level {
        out[word] = level.as_str().into();
    }
    if let Some(normalize) = setting.normalize {
        out["normalize"] = normalize.into();
    }
    out
}

pub async fn config_of_all(Extract(state): Extract<Arc<State>>) -> Reply {
    ask(&state, |r| Ok(Answered(told("compatibilityLevel", Some(r.level(ALL)), &r.setting(ALL))))).await
}

pub async fn config(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked) -> Reply {
    let or_global = asked.flag("defaultToGlobal");
    ask(&state, move |r| {
        let setting = r.setting(&subject);
        let level = if or_global { Some(r.level(&subject)) } else { setting.level };
        if level.is_none() && setting.normalize.is_none() {
            return Err(Refusal::new(40408, format!("Subject '{subject}' does not have subject-level compatibility configured")));
        }
        Ok(Answered(told("compatibilityLevel", level, &setting)))
    })
    .await
}

pub async fn set_config_of_all(state: Extract<Arc<State>>, body: Body<Config>) -> Reply {
    set_config(state, Path(ALL.into()), body).await
}

pub async fn set_config(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, Body(config): Body<Config>) -> Reply {
    let level = config.compatibility.as_deref().map(Level::named).transpose()?;
    if level.is_none() && config.normalize.is_none() {
        return Err(Level::named("").err().unwrap_or_else(Refusal::no_schema));
    }
    ask(&state, move |r| {
        let setting = r.configure(&subject, level, config.normalize)?;
        Ok(Answered(told("compatibility", level, &setting)))
    })
    .await
}

pub async fn unset_config_of_all(Extract(state): Extract<Arc<State>>) -> Reply {
    ask(&state, |r| r.unconfigure(ALL).map(|was| Answered(told("compatibilityLevel", Some(was.level.unwrap_or_default()), &was)))).await
}

pub async fn unset_config(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>) -> Reply {
    ask(&state, move |r| r.unconfigure(&subject).map(|was| Answered(told("compatibilityLevel", was.level, &was)))).await
}

pub async fn mode_of_all(Extract(state): Extract<Arc<State>>) -> Reply {
    ask(&state, |r| Ok(Answered(json!({"mode": r.mode(ALL).as_str()})))).await
}

pub async fn mode(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked) -> Reply {
    let or_global = asked.flag("defaultToGlobal");
    ask(&state, move |r| {
        let own = r.setting(&subject).mode;
        let mode = if or_global { Some(r.mode(&subject)) } else { own };
        let missing = || Refusal::new(40409, format!("Subject '{subject}' does not have subject-level mode configured"));
        Ok(Answered(json!({"mode": mode.ok_or_else(missing)?.as_str()})))
    })
    .await
}

pub async fn set_mode_of_all(state: Extract<Arc<State>>, asked: Asked, body: Body<ModeBody>) -> Reply {
    set_mode(state, Path(ALL.into()), asked, body).await
}

pub async fn set_mode(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked, Body(body): Body<ModeBody>) -> Reply {
    let (mode, force) = (Mode::named(&body.mode)?, asked.flag("force"));
    ask(&state, move |r| {
        r.set_mode(&subject, mode, force)?;
        Ok(Answered(json!({"mode": mode.as_str()})))
    })
    .await
}

pub async fn unset_mode_of_all(Extract(state): Extract<Arc<State>>) -> Reply {
    ask(&state, |r| r.unset_mode(ALL).map(|was| Answered(json!({"mode": was.as_str()})))).await
}

pub async fn unset_mode(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>) -> Reply {
    ask(&state, move |r| r.unset_mode(&subject).map(|was| Answered(json!({"mode": was.as_str()})))).await
}
