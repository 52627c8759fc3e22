//! ORT-format models to ONNX, in Rust, so that nobody needs Python for it. The same input gives the same bytes.

mod builder;
mod cross;
mod flatbuffer;
mod onnx;
mod ort;
mod step;
#[cfg(test)]
mod tests;

use prost::Message;

pub use flatbuffer::Broken;

/// What can be made of Moonshine's `decoder_model_merged.ort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// The same decoder as ONNX with the outputs `cross_attentions.{0..5}` f32 [1, 8, tokens, frames].
    CrossAttentions,
    /// What is computed once an utterance; shapes in [`step`].
    KeyValues,
    /// What is computed once a token; shapes in [`step`].
    Step,
}

impl Recipe {
    /// The bytes of an ONNX file.
    ///
    /// # Errors
    /// [`Broken`] when `ort` is damaged or another model.
    pub fn make(self, ort: &[u8]) -> Result<Vec<u8>, Broken> {
        let model = ort::read(ort)?;
        let made = match self {
            Recipe::CrossAttentions => cross::expose(model)?,
            Recipe::KeyValues => step::key_values(&model)?,
            Recipe::Step => step::step(&model)?,
        };
        Ok(made.encode_to_vec())
    }
}
