//! Moonshine's decoder told anew as two small graphs with the same weights and the same quantised products.
//!
//! The exported decoder spends over half of its time on shapes, on an `If`, and on padding each head from 36 to 40.
//! For one utterance and one token at a time none of that is needed:
//!
//! - [`key_values`], once an utterance: `encoder_hidden_states` f32 [1, T, 288] → `present.{0..5}.encoder.{key,value}`
//!   f32 [1, 8, T, 36].
//! - [`step`], once a token, the first included: `input_ids` i64 [1, 1], `past_key_values.{0..5}.decoder.{key,value}`
//!   f32 [1, 8, P, 36] with P from 0 to 511, `past_key_values.{0..5}.encoder.{key,value}` f32 [1, 8, T, 36] → `logits` f32
//!   [1, 1, 32768], `present.{0..5}.decoder.{key,value}` f32 [1, 8, P + 1, 36], `cross_attentions.{0..5}` f32 [1, 8, 1, T].
//!
//! The architecture: Jeffries et al. 2024, "Moonshine: Speech Recognition for Live Transcription and Voice Commands".

use super::builder::{Builder, Parts, float, integer, integers};
use super::flatbuffer::{Broken, Result};
use super::onnx::{Extent, FLOAT, INT64, Model, Tensor, ValueInfo};

pub const LAYERS: usize = 6;
const HEADS: i64 = 8;
const HEAD: i64 = 36;
const WIDTH: i64 = HEADS * HEAD;
/// How much of a head is turned by its position; the rest passes as it is.
const ROTARY: i64 = 32;
const GATED: i64 = 1152;
const WORDS: i64 = 32768;
/// Thirty seconds make 195 tokens at most.
const MOST_TOKENS: i64 = 512;
const SCALE: f32 = 1.0 / 6.0;
const ROOT: &str = "/model/decoder/";
const KEY_VALUE: [(&str, &str); 2] = [("k", "key"), ("v", "value")];

/// From the encoder's states to what every step's cross-attention looks up.
pub fn key_values(model: &Model) -> Result<Model> {
    let parts = Parts::of(model.graph.as_ref().ok_or(Broken("it has no graph"))?);
    let mut b = Builder::new(&parts);
    b.integers("heads", vec![4], &[1, -1, HEADS, HEAD]);
    let states = "encoder_hidden_states";
    let [q, scale, zero] = quantise(&mut b, states);
    let mut outputs = Vec::new();
    for layer in 0..LAYERS {
        for (short, long) in KEY_VALUE {
            let made = format!("{ROOT}layers.{layer}/encoder_attn/{short}_proj/MatMul_output_0");
            let flat = b.take(&made, &[(0, &q), (2, &scale), (4, &zero)])?;
            let heads = b.add("Reshape", &[&flat, "heads"], &format!("{flat}_heads"), vec![]);
            let out = format!("present.{layer}.encoder.{long}");
            b.add("Transpose", &[&heads], &out, vec![integers("perm", &[0, 2, 1, 3])]);
            outputs.push(cache(out, "frames"));
        }
    }
    let input = tensor(states, vec![1.into(), "frames".into(), WIDTH.into()]);
    Ok(b.finish("key_values", vec![input], outputs, model))
}

/// One token to the scores of the next.
pub fn step(model: &Model) -> Result<Model> {
    let parts = Parts::of(model.graph.as_ref().ok_or(Broken("it has no graph"))?);
    let mut b = Builder::new(&parts);
    constants(&mut b, &parts)?;
    b.add("Shape", &["past_key_values.0.decoder.key"], "position", vec![integer("start", 2), integer("end", 3)]);
    let row = b.take(&format!("{ROOT}embed_tokens/Gather_output_0_quantized"), &[(1, "input_ids")])?;
    let mut x = b.take(&format!("{ROOT}embed_tokens/Gather_output_0"), &[(0, &row)])?;
    for layer in 0..LAYERS {
        x = self_attention(&mut b, layer, &x)?;
        x = cross_attention(&mut b, layer, &x)?;
        x = feed_forward(&mut b, layer, &x)?;
    }
    let x = b.take(&format!("{ROOT}norm/LayerNormalization_output_0"), &[(0, &x)])?;
    b.take("logits", &[(0, &x)])?;
    Ok(b.finish("step", step_inputs(), step_outputs(), model))
}

fn self_attention(b: &mut Builder<'_>, layer: usize, x: &str) -> Result<String> {
    let at = format!("{ROOT}layers.{layer}/");
    let normal = b.take(&format!("{at}input_layernorm/LayerNormalization_output_0"), &[(0, x)])?;
    let [q, scale, zero] = quantise(b, &normal);
    let project = |b: &mut Builder<'_>, which: &str| {
        let made = format!("{at}self_attn/{which}_proj/MatMul_output_0");
        b.take(&made, &[(0, &q), (2, &scale), (4, &zero)])
    };
    let (query, key, value) = (project(b, "q")?, project(b, "k")?, project(b, "v")?);
    let turn = |b: &mut Builder<'_>, flat: &str| {
        let how = vec![integer("interleaved", 1), integer("num_heads", HEADS), integer("rotary_embedding_dim", ROTARY)];
        b.add("RotaryEmbedding", &[flat, "position", "cosines", "sines"], &format!("{flat}_turned"), how)
    };
    let (query, key) = (turn(b, &query), turn(b, &key));
    let [past_key, past_value] = KEY_VALUE.map(|(_, long)| format!("past_key_values.{layer}.decoder.{long}"));
    let [new_key, new_value] = KEY_VALUE.map(|(_, long)| format!("present.{layer}.decoder.{long}"));
    let seen = format!("{at}self_attn/seen");
    b.add_many(
        "MultiHeadAttention",
        &[&query, &key, &value, "", "", "", &past_key, &past_value],
        &[&seen, &new_key, &new_value],
        vec![integer("num_heads", HEADS), float("scale", SCALE)],
    );
    let out = b.take(&format!("{at}self_attn/o_proj/MatMul_output_0"), &[(0, &seen)])?;
    Ok(b.add("Add", &[x, &out], &format!("{at}Add_output_0"), vec![]))
}

/// Written out, because its softmax is an output: the frames that each head looks at.
fn cross_attention(b: &mut Builder<'_>, layer: usize, x: &str) -> Result<String> {
    let at = format!("{ROOT}layers.{layer}/");
    let [key, value] = KEY_VALUE.map(|(_, long)| format!("past_key_values.{layer}.encoder.{long}"));
    let normal = b.take(&format!("{at}post_attention_layernorm/LayerNormalization_output_0"), &[(0, x)])?;
    let query = b.take(&format!("{at}encoder_attn/q_proj/MatMul_output_0"), &[(0, &normal)])?;
    let query = b.add("Reshape", &[&query, "one_token"], &format!("{at}encoder_attn/query"), vec![]);
    let how = vec![integer("transB", 1), float("alpha", SCALE)];
    let scores = b.add("FusedMatMul", &[&query, &key], &format!("{at}encoder_attn/scores"), how);
    let weights = b.add("Softmax", &[&scores], &format!("cross_attentions.{layer}"), vec![integer("axis", -1)]);
    let heads = b.add("MatMul", &[&weights, &value], &format!("{at}encoder_attn/heads"), vec![]);
    let seen = b.add("Reshape", &[&heads, "flat"], &format!("{at}encoder_attn/seen"), vec![]);
    let out = b.take(&format!("{at}encoder_attn/o_proj/MatMul_output_0"), &[(0, &seen)])?;
    Ok(b.add("Add", &[x, &out], &format!("{at}Add_1_output_0"), vec![]))
}

fn feed_forward(b: &mut Builder<'_>, layer: usize, x: &str) -> Result<String> {
    let at = format!("{ROOT}layers.{layer}/");
    let normal = b.take(&format!("{at}final_layernorm/LayerNormalization_output_0"), &[(0, x)])?;
    let wide = b.take(&format!("{at}mlp/fc1/Add_output_0"), &[(0, &normal)])?;
    let [up, gate] = ["up", "gate"].map(|half| format!("{at}mlp/{half}"));
    b.add_many("Split", &[&wide, "halves"], &[&up, &gate], vec![integer("axis", 2)]);
    let open = b.add("QuickGelu", &[&gate], &format!("{at}mlp/open"), vec![float("alpha", 1.0)]);
    let through = b.add("Mul", &[&open, &up], &format!("{at}mlp/through"), vec![]);
    let out = b.take(&format!("{at}mlp/fc2/Add_output_0"), &[(0, &through)])?;
    Ok(b.add("Add", &[x, &out], &format!("{at}Add_2_output_0"), vec![]))
}

fn quantise(b: &mut Builder<'_>, x: &str) -> [String; 3] {
    let parts = ["quantized", "scale", "zero_point"].map(|p| format!("{x}_{p}"));
    b.add_many("DynamicQuantizeLinear", &[x], &[&parts[0], &parts[1], &parts[2]], vec![]);
    parts
}

fn constants(b: &mut Builder<'_>, parts: &Parts<'_>) -> Result<()> {
    b.integers("one_token", vec![4], &[1, HEADS, 1, HEAD]);
    b.integers("flat", vec![3], &[1, 1, WIDTH]);
    b.integers("halves", vec![2], &[GATED, GATED]);
    let expand = parts.node(&format!("{ROOT}rotary_emb/Expand_output_0"))?;
    let frequencies = parts.weight(expand.input.first().ok_or(Broken("a node has no input"))?)?;
    let frequencies: Vec<f32> = frequencies.raw_data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    if frequencies.len() as i64 != ROTARY / 2 {
        return Err(Broken("its rotary embedding has another size"));
    }
    // Only the angles are written, so that the file's bytes do not hang on this machine's cosine; the runtime
    // folds the two nodes when it loads.
    let angles = (0..MOST_TOKENS).flat_map(|p| frequencies.iter().map(move |f| p as f32 * f)).flat_map(f32::to_le_bytes).collect();
    b.constant(Tensor {
        dims: vec![MOST_TOKENS, ROTARY / 2],
        data_type: FLOAT,
        name: "angles".into(),
        raw_data: angles,
        ..Tensor::default()
    });
    b.add("Cos", &["angles"], "cosines", vec![]);
    b.add("Sin", &["angles"], "sines", vec![]);
    Ok(())
}

fn tensor(name: impl Into<String>, dims: Vec<Extent>) -> ValueInfo {
    ValueInfo::tensor(name, FLOAT, Some(dims))
}

fn cache(name: String, length: &str) -> ValueInfo {
    tensor(name, vec![1.into(), HEADS.into(), length.into(), HEAD.into()])
}

fn step_inputs() -> Vec<ValueInfo> {
    let mut inputs = vec![ValueInfo::tensor("input_ids", INT64, Some(vec![1.into(), 1.into()]))];
    for layer in 0..LAYERS {
        for (of, length) in [("decoder", "past"), ("encoder", "frames")] {
            inputs.extend(KEY_VALUE.map(|(_, long)| cache(format!("past_key_values.{layer}.{of}.{long}"), length)));
        }
    }
    inputs
}

fn step_outputs() -> Vec<ValueInfo> {
    let mut outputs = vec![tensor("logits", vec![1.into(), 1.into(), WORDS.into()])];
    for layer in 0..LAYERS {
        outputs.extend(KEY_VALUE.map(|(_, long)| cache(format!("present.{layer}.decoder.{long}"), "past + 1")));
    }
    let attention = |l| tensor(format!("cross_attentions.{l}"), vec![1.into(), HEADS.into(), 1.into(), "frames".into()]);
    outputs.extend((0..LAYERS).map(attention));
    outputs
}
