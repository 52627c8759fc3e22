//! The graph as it is laid out: from what the log says of itself to places on the plane.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use leptos::prelude::*;
use loom_schemas::api::{Structure, TopicRow};
use loom_ui_model::graph::{Kind, Moved, Net, Plan, Rows, Strand, columns, fold, moved, net, plan, rows, strands};
use loom_ui_model::threads::Dye;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::heard::Heard;
use super::keep;
use crate::link::Load;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Laid {
    pub net: Net,
    /// What each node stands for: itself, or the siblings folded into it.
    pub inside: Vec<Vec<String>>,
    pub columns: Vec<usize>,
    pub rows: Rows,
    /// Where everything stands that nobody moved.
    pub plan: Plan,
    /// Of sources.
    pub dyes: Vec<Option<Dye>>,
}

/// What a layout is worked out from.
#[derive(Clone, PartialEq)]
struct From {
    structure: Structure,
    topics: Vec<TopicRow>,
    open: BTreeSet<String>,
    width: f64,
}

#[derive(Clone, Copy)]
pub struct Layout {
    pub laid: RwSignal<Arc<Laid>>,
    /// As laid out, with what was moved in its place.
    pub plan: Memo<Arc<Plan>>,
    pub strands: Memo<Vec<Vec<Strand>>>,
    pub moved: RwSignal<Moved>,
    /// Folds that were opened, by the first two parts of their names.
    pub open: RwSignal<BTreeSet<String>>,
    /// What there is for the plane, in pixels.
    pub width: RwSignal<f64>,
    /// Nothing is laid out anew while the pointer is on the graph.
    pub held: RwSignal<bool>,
}

impl Layout {
    pub fn provide(heard: Heard) -> Self {
        let (laid, moved) = (RwSignal::new(Arc::new(Laid::default())), RwSignal::new(keep::moved()));
        let (open, width, held) = (RwSignal::new(BTreeSet::new()), RwSignal::new(0.0), RwSignal::new(false));
        let from = Memo::new(move |_| wanted(heard, open, width));
        let done = StoredValue::new(None::<From>);
        Effect::new(move |_| {
            let Some(next) = from.get() else { return };
            let before = done.get_value();
            // Opening a fold, and the first layout, are asked for by a person.
            let asked = before.as_ref().is_none_or(|b| b.open != next.open || b.structure.consumers.is_empty());
            if before.as_ref() == Some(&next) || (held.get() && !asked) {
                return;
            }
            laid.set(Arc::new(measured(&next)));
            done.set_value(Some(next));
        });
        let plan = Memo::new(move |_| laid.with(|l| moved.with(|m| Arc::new(self::moved(&l.net, l.plan.clone(), m)))));
        let strands = Memo::new(move |_| laid.with(|l| strands(&l.net, &l.plan.order, |source| brings(heard, &l.net, source))));
        let layout = Self { laid, plan, strands, moved, open, width, held };
        provide_context(layout);
        layout
    }

    pub fn of_page() -> Option<Self> {
        use_context()
    }

    pub fn keep_moved(self) {
        self.moved.with_untracked(keep::keep_moved);
    }
}

fn wanted(heard: Heard, open: RwSignal<BTreeSet<String>>, width: RwSignal<f64>) -> Option<From> {
    let width = width.get();
    let structure = heard.structure.with(Load::ready).filter(|_| width > 0.0)?;
    let mut topics = heard.topics.with(Load::ready).map(|t| t.topics).unwrap_or_default();
    // Of topics only their class counts here: their numbers change all the time.
    topics.iter_mut().for_each(|t| *t = TopicRow { topic: std::mem::take(&mut t.topic), class: std::mem::take(&mut t.class), ..still() });
    let structure = Structure { topics: Vec::new(), flows: Vec::new(), ..structure };
    Some(From { structure, topics, open: open.get(), width })
}

fn still() -> TopicRow {
    TopicRow {
        topic: String::new(),
        records: 0,
        low: 0,
        high: 0,
        bytes: 0,
        schema: String::new(),
        class: String::new(),
        retention_days: None,
        retention_bytes: None,
        last_received_at: None,
    }
}

const HEARD: &str = "device.audio.raw";
/// Named in the browser's own record of how long things take.
const MARK: &str = "pipeline layout";

fn measured(from: &From) -> Laid {
    let performance = web_sys::window().and_then(|w| w.performance());
    performance.as_ref().map(|p| p.mark(MARK).ok());
    let laid = lay(from);
    performance.as_ref().map(|p| p.measure_with_start_mark(MARK, MARK).ok());
    laid
}

fn lay(from: &From) -> Laid {
    let folded = fold(&net(&from.structure, &from.topics), &from.open);
    let net = folded.net;
    let columns = columns(&net);
    let rows = rows(&net, &columns);
    let plan = plan(&net, &columns, &rows, from.width, ruler());
    // What is heard comes first, as it does on Live.
    let mut producers: Vec<_> = from.structure.producers.iter().collect();
    producers.sort_by_key(|p| !p.output_topics.iter().any(|t| t == HEARD));
    let mut threads = keep::dyes(&producers.iter().map(|p| p.id.clone()).collect::<Vec<_>>());
    let dyes = net.nodes.iter().zip(&folded.inside).map(|(n, of)| {
        let first = of.first().filter(|_| n.kind == Kind::Source);
        first.map(|id| threads.dye(id))
    });
    Laid { dyes: dyes.collect(), inside: folded.inside, columns, rows, plan, net }
}

/// Records a minute that a source writes, of those that write to the same topics.
fn brings(heard: Heard, net: &Net, source: usize) -> f64 {
    let writes = net.topics.iter().filter(|t| t.writers.contains(&source));
    writes.map(|t| t.members.iter().filter_map(|m| heard.per_minute(m)).sum::<f64>() / t.writers.len() as f64).sum()
}

/// Measures labels in the face that the page is set in; each once.
fn ruler() -> impl Fn(&str) -> f64 {
    let canvas = pen();
    let known: RefCell<HashMap<String, f64>> = RefCell::default();
    move |label| {
        if let Some(px) = known.borrow().get(label) {
            return *px;
        }
        let px = canvas.as_ref().and_then(|c| c.measure_text(label).ok()).map_or(label.chars().count() as f64 * 6.6, |m| m.width());
        known.borrow_mut().insert(label.into(), px);
        px
    }
}

fn pen() -> Option<CanvasRenderingContext2d> {
    let document = web_sys::window()?.document()?;
    let face = web_sys::window()?.get_computed_style(document.body()?.as_ref()).ok()??.get_property_value("font-family").ok()?;
    let canvas = document.create_element("canvas").ok()?.dyn_into::<HtmlCanvasElement>().ok()?;
    let pen = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
    pen.set_font(&format!("12px {face}"));
    Some(pen)
}
