//! Moonshine's merged decoder with its cross-attention shown: `cross_attentions.{0..5}` f32 [1, 8, tokens, frames],
//! from which word times are read. Everything else about the model stays as it was.

use super::flatbuffer::{Broken, Result};
use super::onnx::{Extent, FLOAT, Graph, Model, Node, ValueInfo};
use super::step::LAYERS;

/// Adds the six outputs to both branches of the `If` and to the model.
pub fn expose(mut model: Model) -> Result<Model> {
    let graph = model.graph.as_mut().ok_or(Broken("it has no graph"))?;
    let branch = graph.node.iter_mut().find(|n| n.op_type == "If").ok_or(Broken("it is no merged decoder"))?;
    for attribute in &mut branch.attribute {
        if let Some(inner) = &mut attribute.g {
            expose_branch(inner, &attribute.name)?;
        }
    }
    for layer in 0..LAYERS {
        let name = format!("cross_attentions.{layer}");
        let dims: Vec<Extent> = vec![1.into(), 8.into(), "decoder_sequence_length".into(), "enc_frames".into()];
        branch.output.push(name.clone());
        graph.output.push(ValueInfo::tensor(name, FLOAT, Some(dims)));
    }
    Ok(model)
}

fn expose_branch(graph: &mut Graph, branch: &str) -> Result<()> {
    for layer in 0..LAYERS {
        let place = format!("layers.{layer}/encoder_attn/");
        let softmax = graph.node.iter().find(|n| n.op_type == "Softmax" && n.name.contains(&place));
        let from = softmax.and_then(|n| n.output.first()).ok_or(Broken("a layer has no cross-attention"))?.clone();
        let to = format!("{branch}_cross.{layer}");
        // A graph's output must be its own name: the softmax is also used inside.
        graph.node.push(Node {
            input: vec![from],
            output: vec![to.clone()],
            name: format!("{branch}_cross_{layer}"),
            op_type: "Identity".into(),
            ..Node::default()
        });
        graph.output.push(ValueInfo::tensor(to, FLOAT, None));
    }
    Ok(())
}
