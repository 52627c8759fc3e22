//! Moonshine tiny-en on ONNX Runtime: English with case and punctuation, greedy decoding, word times from
//! cross-attention. Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice Commands",
//! 2024. The decoder is the two graphs that the model's conversion makes: one run an utterance, one a token.

use std::borrow::Cow;

use loom_models::Models;
use ort::memory::Allocator;
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, Tensor, TensorRef};

use super::align::Attention;
use super::guard::{best, is_heard, is_music, moves_on, repeated};
use super::tokenizer::Tokenizer;
use super::{Heard, Recognizer, Word};
use crate::error::Result;
use crate::speech::runtime::{Runtime, failed, not_there};
use crate::speech::vad::SAMPLE_RATE;

pub const ID: &str = "moonshine-tiny-en";
pub const MODEL: &str = "moonshine-tiny-en-0.1.0";
const LAYERS: usize = 6;
const HEADS: usize = 8;
const HEAD: usize = 36;
const START: u32 = 1;
const END: u32 = 2;
/// Samples in a frame of the encoder: 24 ms.
const ENCODER_FRAME: f64 = 384.0 / SAMPLE_RATE as f64;
/// Zeros before and after, samples: a quarter second lowers the error rate by a sixth.
const PAD: usize = 4000;
/// No one speaks faster.
const TOKENS_PER_SECOND: f64 = 6.5;

pub struct Moonshine {
    encoder: Session,
    /// Once an utterance: what every step's cross-attention looks up.
    lookup: Session,
    /// Once a token.
    step: Session,
    tokenizer: Tokenizer,
    attention: Attention,
    samples: Vec<f32>,
    mask: Vec<i64>,
}

/// What was decoded: tokens and the log-probability of each.
#[derive(Default)]
struct Decoded {
    ids: Vec<u32>,
    log_p: Vec<f32>,
    /// It went round in circles and was stopped.
    circled: bool,
}

impl Moonshine {
    pub fn load(runtime: &Runtime, models: &Models) -> Result<Self> {
        let encoder = runtime.session(models, ID, "encoder_model.ort")?;
        let lookup = runtime.session(models, ID, "decoder_kv.onnx")?;
        let step = runtime.session(models, ID, "decoder_step.onnx")?;
        let tokenizer = Tokenizer::read(&models.path(ID, "tokenizer.bin").map_err(not_there)?)?;
        Ok(Self { encoder, lookup, step, tokenizer, attention: Attention::default(), samples: Vec::new(), mask: Vec::new() })
    }

    fn encode(&mut self, samples: &[f32]) -> ort::Result<DynValue> {
        self.samples.clear();
        self.samples.resize(PAD, 0.0);
        self.samples.extend_from_slice(samples);
        self.samples.resize(samples.len() + 2 * PAD, 0.0);
        self.mask.clear();
        self.mask.resize(self.samples.len(), 1);
        let n = self.samples.len();
        let mut answer = self.encoder.run(ort::inputs![
            "input_values" => TensorRef::from_array_view(([1, n], &*self.samples))?,
            "attention_mask" => TensorRef::from_array_view(([1, n], &*self.mask))?,
        ])?;
        answer.remove("last_hidden_state").ok_or_else(|| ort::Error::new("the encoder gives no hidden state"))
    }

    fn decode(&mut self, hidden: DynValue) -> ort::Result<Decoded> {
        let seconds = self.samples.len() as f64 / f64::from(SAMPLE_RATE);
        let most = (seconds * TOKENS_PER_SECOND).ceil() as usize;
        self.attention.begin(hidden.shape()[1] as usize);
        let seen = take(&mut self.lookup.run(ort::inputs!["encoder_hidden_states" => hidden])?, names("present", "encoder"))?;
        let mut past = (0..2 * LAYERS).map(|_| empty()).collect::<ort::Result<Vec<_>>>()?;
        let (mut decoded, mut id) = (Decoded::default(), START);
        for _ in 0..most {
            let ids = [i64::from(id)];
            let mut feeds: Vec<(Cow<str>, SessionInputValue)> = Vec::with_capacity(1 + 4 * LAYERS);
            feeds.push(("input_ids".into(), TensorRef::from_array_view(([1, 1], &ids[..]))?.into()));
            feeds.extend(names("past_key_values", "encoder").zip(&seen).map(|(n, v)| (n.into(), v.into())));
            feeds.extend(names("past_key_values", "decoder").zip(&past).map(|(n, v)| (n.into(), v.into())));
            let mut answer = self.step.run(feeds)?;
            let log_p;
            (id, log_p) = best(answer["logits"].try_extract_tensor()?.1);
            attend(&mut self.attention, &answer)?;
            if id == END || !decoded.goes_on(id, log_p, &self.attention) {
                break;
            }
            past = take(&mut answer, names("present", "decoder"))?;
        }
        Ok(decoded)
    }

    /// Words with the times of their tokens, before the padding is taken off.
    fn words(&mut self, decoded: &Decoded) -> Vec<Word> {
        let spans = self.attention.align();
        let pad = PAD as f64 / f64::from(SAMPLE_RATE);
        let words = self.tokenizer.words(&decoded.ids).into_iter();
        let times = |first: usize, last: usize| match (spans.get(first), spans.get(last)) {
            (Some(a), Some(b)) => (a.0 as f64 * ENCODER_FRAME - pad, (b.1 + 1) as f64 * ENCODER_FRAME - pad),
            _ => (0.0, 0.0),
        };
        words
            .map(|(text, tokens)| {
                let (start_s, end_s) = times(tokens.start, tokens.end - 1);
                let log_p = &decoded.log_p[tokens];
                let confidence = (log_p.iter().sum::<f32>() / log_p.len() as f32).exp();
                Word { text, start_s, end_s, confidence }
            })
            .collect()
    }
}

impl Decoded {
    /// Takes a token in, unless the decoder went round in circles: then one round stays, and it is over.
    fn goes_on(&mut self, id: u32, log_p: f32, attention: &Attention) -> bool {
        self.ids.push(id);
        self.log_p.push(log_p);
        let circle = repeated(&self.ids).filter(|&(from, unit)| !moves_on(&attention.peaks(from), unit));
        if let Some((from, unit)) = circle {
            self.ids.truncate(from + unit);
            self.log_p.truncate(from + unit);
            self.circled = true;
        }
        !self.circled
    }
}

/// `present.0.decoder.key`, `present.0.decoder.value` and so on.
fn names(time: &str, side: &str) -> impl Iterator<Item = String> {
    (0..LAYERS).flat_map(move |layer| ["key", "value"].map(|kind| format!("{time}.{layer}.{side}.{kind}")))
}

fn take(answer: &mut SessionOutputs, names: impl Iterator<Item = String>) -> ort::Result<Vec<DynValue>> {
    names.map(|n| answer.remove(n).ok_or_else(|| ort::Error::new("the decoder lacks an output"))).collect()
}

/// Keys or values of no token.
fn empty() -> ort::Result<DynValue> {
    Ok(Tensor::<f32>::new(&Allocator::default(), [1, HEADS, 0, HEAD])?.into_dyn())
}

fn attend(attention: &mut Attention, answer: &SessionOutputs) -> ort::Result<()> {
    let mut heads = Vec::with_capacity(CROSS.len());
    for output in CROSS {
        heads.push(answer[output].try_extract_tensor::<f32>()?.1);
    }
    attention.push(&heads);
    Ok(())
}

/// The upper layers follow the words more closely than the lower ones.
const CROSS: [&str; 3] = ["cross_attentions.3", "cross_attentions.4", "cross_attentions.5"];

impl Recognizer for Moonshine {
    fn id(&self) -> &str {
        ID
    }
    fn model(&self) -> &str {
        MODEL
    }
    fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
        if samples.is_empty() {
            return Ok(Heard::new(Vec::new(), "en"));
        }
        let hidden = self.encode(samples).map_err(failed)?;
        let decoded = self.decode(hidden).map_err(failed)?;
        let seconds = samples.len() as f64 / f64::from(SAMPLE_RATE);
        let words = if is_heard(&decoded.log_p, seconds, decoded.circled) { self.words(&decoded) } else { Vec::new() };
        let mut heard = Heard::new(if is_music(&words) { Vec::new() } else { words }, "en");
        heard.within(0.0, seconds);
        Ok(heard)
    }
}
