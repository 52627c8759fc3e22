//! Moonshine tiny-en on ONNX Runtime: English with case and punctuation, greedy decoding, word times from
//! cross-attention. Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice Commands",
//! 2024. The decoder carries `cross_attentions.*` outputs, which the model's conversion adds.

use std::path::Path;

use ort::session::{HasSelectedOutputs, SessionOutputs};
use ort::session::{OutputSelector, RunOptions, Session, SessionInputValue};
use ort::value::{DynValue, Tensor, TensorRef};

use super::align::Attention;
use super::guard::{best, is_heard, looped};
use super::tokenizer::Tokenizer;
use super::{Heard, Recognizer, Word};
use crate::error::Result;
use crate::speech::runtime::{Runtime, failed};
use crate::speech::vad::SAMPLE_RATE;

pub const ID: &str = "moonshine-tiny-en";
pub const MODEL: &str = "moonshine-tiny-en-0.1.0";
/// What it reads in the model's folder.
pub const FILES: &[&str] = &["encoder_model.ort", "decoder_model_merged.cross.onnx", "tokenizer.bin"];
const LAYERS: usize = 6;
const HEADS: usize = 8;
const HEAD: usize = 36;
const START: i64 = 1;
const END: u32 = 2;
/// Samples in a frame of the encoder: 24 ms.
const ENCODER_FRAME: f64 = 384.0 / SAMPLE_RATE as f64;
/// Zeros before and after, samples: a quarter second lowers the error rate by a sixth.
const PAD: usize = 4000;
/// No one speaks faster.
const TOKENS_PER_SECOND: f64 = 6.5;

pub struct Moonshine {
    encoder: Session,
    decoder: Session,
    tokenizer: Tokenizer,
    /// Of each decoder input, what it takes.
    feeds: Vec<Feed>,
    /// After the first step the encoder's keys and values stay as they are.
    later: RunOptions<HasSelectedOutputs>,
    attention: Attention,
    samples: Vec<f32>,
    mask: Vec<i64>,
}

enum Feed {
    Ids,
    Hidden,
    Mask,
    UseCache,
    /// The present output that it comes from, and whether it grows with every token.
    Past {
        present: String,
        grows: bool,
    },
}

/// What was decoded: tokens and the log-probability of each.
#[derive(Default)]
struct Decoded {
    ids: Vec<u32>,
    log_p: Vec<f32>,
}

impl Moonshine {
    pub fn load(runtime: &Runtime, models: &Path) -> Result<Self> {
        let folder = models.join(ID);
        let encoder = runtime.session(&folder.join("encoder_model.ort"))?;
        let decoder = runtime.session(&folder.join("decoder_model_merged.cross.onnx"))?;
        let tokenizer = Tokenizer::read(&folder.join("tokenizer.bin"))?;
        let feeds = decoder.inputs().iter().map(|i| Feed::of(i.name())).collect();
        let mut outputs = OutputSelector::default();
        for output in decoder.outputs().iter().map(|o| o.name()).filter(|n| n.contains(".encoder.")) {
            outputs = outputs.without(output);
        }
        let later = RunOptions::new().map_err(failed)?.with_outputs(outputs);
        Ok(Self { encoder, decoder, tokenizer, feeds, later, attention: Attention::default(), samples: Vec::new(), mask: Vec::new() })
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

    fn decode(&mut self, hidden: &DynValue) -> ort::Result<Decoded> {
        let most = (self.mask.len() as f64 / f64::from(SAMPLE_RATE) * TOKENS_PER_SECOND).ceil() as usize;
        let mut past = empty_cache(&self.feeds)?;
        let (mut decoded, mut id, mut use_cache) = (Decoded::default(), [START], [false]);
        self.attention.begin(hidden.shape()[1] as usize);
        for _ in 0..most {
            let mut feeds: Vec<SessionInputValue> = Vec::with_capacity(self.feeds.len());
            for (feed, past) in self.feeds.iter().zip(&past) {
                feeds.push(match feed {
                    Feed::Ids => TensorRef::from_array_view(([1, 1], &id[..]))?.into(),
                    Feed::Hidden => hidden.into(),
                    Feed::Mask => TensorRef::from_array_view(([1, self.mask.len()], &*self.mask))?.into(),
                    Feed::UseCache => TensorRef::from_array_view(([1], &use_cache[..]))?.into(),
                    Feed::Past { .. } => past.as_ref().ok_or_else(|| ort::Error::new("the decoder lost its cache"))?.into(),
                });
            }
            let mut answer = match use_cache[0] {
                false => self.decoder.run(&feeds[..])?,
                true => self.decoder.run_with_options(&feeds[..], &self.later)?,
            };
            drop(feeds);
            let (token, log_p) = best(answer["logits"].try_extract_tensor()?.1);
            attend(&mut self.attention, &answer)?;
            if token == END {
                break;
            }
            decoded.ids.push(token);
            decoded.log_p.push(log_p);
            if let Some(keep) = looped(&decoded.ids) {
                decoded.ids.truncate(keep);
                decoded.log_p.truncate(keep);
                break;
            }
            keep_cache(&self.feeds, &mut past, &mut answer, use_cache[0]);
            (id, use_cache) = ([i64::from(token)], [true]);
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

impl Feed {
    fn of(input: &str) -> Self {
        match input {
            "input_ids" => Feed::Ids,
            "encoder_hidden_states" => Feed::Hidden,
            "encoder_attention_mask" => Feed::Mask,
            "use_cache_branch" => Feed::UseCache,
            past => Feed::Past { present: past.replace("past_key_values", "present"), grows: past.contains(".decoder.") },
        }
    }
}

fn empty_cache(feeds: &[Feed]) -> ort::Result<Vec<Option<DynValue>>> {
    let zeros = || Tensor::from_array(([1, HEADS, 1, HEAD], vec![0f32; HEADS * HEAD])).map(|t| Some(t.into_dyn()));
    feeds.iter().map(|f| if matches!(f, Feed::Past { .. }) { zeros() } else { Ok(None) }).collect()
}

/// The step's keys and values become the next one's past, without a copy.
fn keep_cache(feeds: &[Feed], past: &mut [Option<DynValue>], answer: &mut SessionOutputs, cached: bool) {
    for (feed, past) in feeds.iter().zip(past) {
        match feed {
            Feed::Past { present, grows } if *grows || !cached => *past = answer.remove(present),
            _ => {}
        }
    }
}

fn attend(attention: &mut Attention, answer: &SessionOutputs) -> ort::Result<()> {
    let mut heads = Vec::with_capacity(LAYERS);
    for output in CROSS {
        heads.push(answer[output].try_extract_tensor::<f32>()?.1);
    }
    attention.push(&heads);
    Ok(())
}

const CROSS: [&str; LAYERS] =
    ["cross_attentions.0", "cross_attentions.1", "cross_attentions.2", "cross_attentions.3", "cross_attentions.4", "cross_attentions.5"];

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
        let decoded = self.decode(&hidden).map_err(failed)?;
        let words = if is_heard(&decoded.log_p) { self.words(&decoded) } else { Vec::new() };
        let mut heard = Heard::new(words, "en");
        heard.within(0.0, samples.len() as f64 / f64::from(SAMPLE_RATE));
        Ok(heard)
    }
}
