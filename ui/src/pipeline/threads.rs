//! Threads: a path a strand, hidden from readers.

use std::sync::Arc;

use leptos::prelude::*;
use loom_ui_model::graph::{Kind, Lit, Slack, Strand, drawn, width_of};
use loom_ui_model::groups::State;

use super::heard::Heard;
use super::laid::{Laid, Layout};
use super::sight::{FAR, Sight};

/// How one thread looks now.
#[derive(Clone, Debug, Default, PartialEq)]
struct Look {
    points: Vec<(f64, f64)>,
    /// Class and width of each strand, from left to right of its way.
    strands: Vec<(String, f64)>,
    slack: Option<Slack>,
    plies: bool,
}

#[component]
pub fn Threads(laid: Arc<Laid>, lit: Memo<Lit>, sight: Sight) -> impl IntoView {
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    let heard = Heard::of_page();
    let threads = (0..laid.plan.threads.len()).map(|at| {
        let topic = laid.plan.threads[at].topic;
        let (net, of) = (laid.clone(), laid.clone());
        let width = Memo::new(move |_| width(heard, &net, topic));
        let look = Memo::new(move |_| look(heard, layout, &of, at, width.get(), sight.zoom.get() < FAR));
        let on = move || lit.with(|l| l.topics.get(topic).copied().unwrap_or(true));
        view! { <g class:on=on class:off=move || !on()>{move || look.with(paths)}</g> }
    });
    threads.collect_view().into_any()
}

/// Of all that flows on a topic, in steps of a tenth of a pixel.
fn width(heard: Heard, laid: &Laid, topic: usize) -> f64 {
    let Some(t) = laid.net.topics.get(topic) else { return 0.0 };
    let rate: f64 = t.members.iter().filter_map(|m| heard.per_minute(m)).sum();
    let strands = Layout::of_page().map_or(1, |l| l.strands.with(|s| s.get(topic).map_or(1, Vec::len)));
    (width_of(rate / strands.max(1) as f64) * 10.0).round() / 10.0
}

fn look(heard: Heard, layout: Layout, laid: &Arc<Laid>, at: usize, width: f64, far: bool) -> Look {
    // A thread that goes sees the next layout before it is gone: nothing there is at its place.
    if !layout.laid.with(|l| Arc::ptr_eq(l, laid)) {
        return Look::default();
    }
    let Some(thread) = layout.plan.with(|p| p.threads.get(at).cloned()) else { return Look::default() };
    let Some(topic) = laid.net.topics.get(thread.topic) else { return Look::default() };
    let kind = |node: usize| laid.net.nodes[node].kind;
    let mut strands = layout.strands.with(|s| s.get(thread.topic).cloned()).unwrap_or_default();
    let many = strands.len();
    let mut points = thread.points;
    // Before they meet, each source's thread is its own, and goes to its side of the topic's.
    if let Some(writer) = thread.writer.filter(|w| kind(*w) == Kind::Source) {
        let own = strands.iter().position(|s| *s == Strand::Of(writer)).unwrap_or(many.saturating_sub(1));
        if thread.reader.is_none() && !far {
            aside(&mut points, ((many as f64 - 1.0) / 2.0 - own as f64) * (width + 1.0));
        }
        strands.retain(|s| *s == Strand::Of(writer));
    }
    if far || strands.is_empty() {
        strands.truncate(1);
    }
    let class = |s: &Strand| match s {
        Strand::Of(source) => laid.dyes.get(*source).copied().flatten().map_or("undyed".into(), |d| d.class()),
        Strand::Undyed => "undyed".into(),
    };
    let mut dyed: Vec<(String, f64)> = strands.iter().map(|s| (class(s), width)).collect();
    if dyed.is_empty() {
        dyed.push(("undyed".into(), width));
    }
    let sources = topic.writers.iter().any(|w| kind(*w) == Kind::Source);
    let slack = slack(heard, laid, thread.topic, thread.reader, sources);
    Look { points, strands: dyed, slack: Some(slack), plies: sources && thread.writer.is_some() && slack == Slack::Taut }
}

/// Ends so far to the left of where it would.
fn aside(points: &mut [(f64, f64)], left: f64) {
    let Some(row) = points.last().map(|p| p.1) else { return };
    points.iter_mut().filter(|p| p.1 == row).for_each(|p| p.1 -= left);
}

fn slack(heard: Heard, laid: &Laid, topic: usize, reader: Option<usize>, sources: bool) -> Slack {
    if sources && heard.paused.get() && laid.net.topics[topic].members.iter().any(|m| m == "device.audio.raw") {
        return Slack::Dashed;
    }
    let Some(reader) = reader else { return Slack::Taut };
    if laid.net.nodes[reader].kind == Kind::Nobody {
        return Slack::Cut;
    }
    let groups = &laid.inside[reader];
    let waits = || laid.net.topics[topic].members.iter().any(|m| groups.iter().any(|g| heard.lag(g, m) > 0));
    match heard.worst(groups) {
        None | Some((State::Unknown, _)) => Slack::Dotted,
        Some((State::Down, _)) => Slack::Cut,
        Some((State::Paused, _)) => Slack::Dashed,
        Some((State::Behind, oldest_s)) if waits() => loops(oldest_s),
        Some((State::Slow, _)) if waits() => Slack::Sag,
        _ => Slack::Taut,
    }
}

/// One loop from a minute on, four from ten; deeper with the time.
fn loops(oldest_s: Option<f64>) -> Slack {
    let minutes = oldest_s.unwrap_or(60.0) / 60.0;
    let n = match minutes {
        m if m < 2.0 => 1,
        m if m < 4.0 => 2,
        m if m < 6.0 => 3,
        _ => 4,
    };
    // In steps, so that a thread is not drawn anew each second.
    Slack::Loops(n, ((minutes / 20.0).clamp(0.0, 0.5) * 10.0).round() / 10.0 + 0.8)
}

fn paths(look: &Look) -> impl IntoView + use<> {
    let n = look.strands.len() as f64;
    let slack = look.slack.unwrap_or(Slack::Taut);
    let mut stub = None;
    let strands = look.strands.iter().enumerate().map(|(i, (class, width))| {
        let left = ((n - 1.0) / 2.0 - i as f64) * (width + 1.0);
        let (d, rest) = drawn(&look.points, left, slack);
        stub = stub.take().or(rest);
        let kind = match slack {
            Slack::Dashed => " dashed",
            Slack::Dotted => " dotted",
            _ if look.plies => " plied",
            _ => "",
        };
        view! { <path class=format!("{class}{kind}") stroke-width=width.to_string() d=d /> }
    });
    let strands = strands.collect_view();
    (strands, stub.map(|d| view! { <path class="stub" d=d /> }))
}
