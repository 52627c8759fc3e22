//! `/metrics` in the Prometheus text format: the log, its groups, the requests, the process.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State as Extract;
use axum::http::header;
use axum::response::IntoResponse;

use super::discovery::received_lately;
use super::health::this_version;
use super::problem::Problem;
use super::state::{State, blocking};
use crate::consumer::Seen;
use crate::error::Result;

type Source = Box<dyn Fn(&mut Exposition) + Send + Sync>;

/// Counts of requests, and whoever else has something to tell.
#[derive(Default)]
pub struct Metrics {
    started_ns: AtomicU64,
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    sources: Mutex<Vec<Source>>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl Metrics {
    pub(super) fn start(&self, monotonic_ns: u64) {
        self.started_ns.store(monotonic_ns, Ordering::Relaxed);
    }
    pub(super) fn uptime_s(&self, monotonic_ns: u64) -> f64 {
        monotonic_ns.saturating_sub(self.started_ns.load(Ordering::Relaxed)) as f64 / 1e9
    }
    /// Routes are templates, so there are only so many.
    pub(super) fn count(&self, route: &str, status: u16) {
        *lock(&self.requests).entry((route.to_string(), status)).or_insert(0) += 1;
    }
    /// Adds families of its own to every answer; asked on a thread that may block.
    pub fn add(&self, source: impl Fn(&mut Exposition) + Send + Sync + 'static) {
        lock(&self.sources).push(Box::new(source));
    }
}

/// The text being written.
#[derive(Default)]
pub struct Exposition(String);

impl Exposition {
    /// One family: its name, `counter` or `gauge`, what it means, and its samples as label pairs and value.
    pub fn family<'a>(&mut self, name: &str, kind: &str, help: &str, samples: impl IntoIterator<Item = (Vec<(&'a str, String)>, f64)>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escaped(v))).collect();
            let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "{name}{braces} {value}");
        }
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Counts and gauges for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(Extract(state): Extract<Arc<State>>) -> Result<impl IntoResponse, Problem> {
    let text = blocking(move || exposition(&state)).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

fn exposition(state: &State) -> Result<String> {
    let mut out = Exposition::default();
    let v = this_version();
    out.family("loom_build_info", "gauge", "The running version; always 1.", [(vec![("version", v.version), ("commit", v.commit)], 1.0)]);
    let uptime = state.metrics.uptime_s(state.clock.monotonic_ns());
    out.family("loom_uptime_seconds", "gauge", "Seconds since the API started.", [(vec![], uptime)]);
    topics(state, &mut out)?;
    groups(state, &mut out)?;
    members(state, &mut out)?;
    let requests = lock(&state.metrics.requests).clone();
    let samples = requests.into_iter().map(|((route, status), n)| (vec![("route", route), ("status", status.to_string())], n as f64));
    out.family("loom_http_requests_total", "counter", "Requests answered, by route and status.", samples);
    super::router::families(state, &mut out);
    super::dedup::families(state, &mut out)?;
    process(&mut out);
    for source in lock(&state.metrics.sources).iter() {
        source(&mut out);
    }
    Ok(out.0)
}

fn topics(state: &State, out: &mut Exposition) -> Result<()> {
    let topics = state.bus.topics()?;
    let per_minute = received_lately(&*state.bus, &topics, state.clock.now())?;
    let of = |f: fn(&crate::bus::TopicState) -> f64| topics.iter().map(move |t| (vec![("topic", t.settings.name.to_string())], f(t)));
    out.family("loom_topic_records", "gauge", "Records kept.", of(|t| t.records as f64));
    out.family("loom_topic_bytes", "gauge", "Bytes of values kept.", of(|t| t.bytes as f64));
    let appended = of(|t| t.bounds.iter().map(|b| b.1).sum::<u64>() as f64);
    out.family("loom_topic_appended_total", "counter", "Records ever appended.", appended);
    let rate = per_minute.iter().map(|(t, n)| (vec![("topic", t.to_string())], *n as f64 / 60.0));
    out.family("loom_topic_rate", "gauge", "Records a second received, over the last minute.", rate);
    Ok(())
}

fn groups(state: &State, out: &mut Exposition) -> Result<()> {
    let groups = state.groups()?;
    let lag = groups.iter().flat_map(|g| {
        let labels = |p: &crate::bus::Position| {
            vec![("group", g.group.clone()), ("topic", p.topic.to_string()), ("partition", p.partition.to_string())]
        };
        g.lag.iter().map(move |(p, lag)| (labels(p), *lag as f64))
    });
    out.family("loom_group_lag", "gauge", "Records a group has not yet committed.", lag);
    let committed = groups.iter().flat_map(|g| {
        let labels = |p: &crate::bus::Position| {
            vec![("group", g.group.clone()), ("topic", p.topic.to_string()), ("partition", p.partition.to_string())]
        };
        g.committed.iter().map(move |(p, next)| (labels(p), *next as f64))
    });
    out.family("loom_group_committed_total", "counter", "Where a group stands: the next offset it reads.", committed);
    let members = groups.iter().map(|g| (vec![("group", g.group.clone())], g.members.len() as f64));
    out.family("loom_group_members", "gauge", "Living members of a group.", members);
    Ok(())
}

/// Of services from outside; a group's stages are its only member.
fn members(state: &State, out: &mut Exposition) -> Result<()> {
    let (now, groups, members) = (state.clock.now(), state.bus.groups()?, state.consumers.members());
    let of = |f: &dyn Fn(&Seen) -> f64| -> Vec<_> {
        members.iter().map(|m| (vec![("group", m.group.clone()), ("member", m.member.id.clone())], f(m))).collect()
    };
    let lag = |m: &Seen| groups.iter().find(|g| g.group == m.group && m.active).map_or(0, crate::bus::GroupState::total_lag) as f64;
    out.family("loom_member_lag", "gauge", "Records the active member has not yet committed; 0 for who stands by.", of(&lag));
    out.family("loom_member_in_flight", "gauge", "Records handed out and not committed.", of(&|m| m.in_flight as f64));
    let age = |m: &Seen| now.seconds() - m.member.last_heartbeat.seconds();
    out.family("loom_member_heartbeat_age_seconds", "gauge", "Since a member last said anything.", of(&age));
    Ok(())
}

fn process(out: &mut Exposition) {
    if let Some(cpu) = cpu_seconds() {
        out.family("process_cpu_seconds_total", "counter", "User and system CPU seconds.", [(vec![], cpu)]);
    }
    if let Some(rss) = resident_bytes() {
        out.family("process_resident_memory_bytes", "gauge", "Resident memory.", [(vec![], rss)]);
    }
}

#[cfg(unix)]
fn cpu_seconds() -> Option<f64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a rusage, which the call fills when it answers 0; all zeros is a valid one.
    let usage = unsafe { (libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) == 0).then(|| usage.assume_init())? };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    Some(seconds(usage.ru_utime) + seconds(usage.ru_stime))
}

#[cfg(not(unix))]
fn cpu_seconds() -> Option<f64> {
    None
}

/// Linux alone tells it in a file.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kb| kb * 1024.0)
}
