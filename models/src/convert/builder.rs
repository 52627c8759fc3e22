//! Putting a graph together from new nodes and from nodes of another graph, whose weights come along.

use std::collections::{HashMap, HashSet};

use super::flatbuffer::{Broken, Result};
use super::onnx::{Attribute, Graph, INT64, Model, Node, Tensor, ValueInfo};

/// Nodes and weights of a model, inner graphs included, by the name of what they make.
pub struct Parts<'a> {
    nodes: HashMap<&'a str, &'a Node>,
    weights: HashMap<&'a str, &'a Tensor>,
}

impl<'a> Parts<'a> {
    pub fn of(graph: &'a Graph) -> Self {
        let mut parts = Self { nodes: HashMap::new(), weights: HashMap::new() };
        parts.gather(graph);
        parts
    }

    fn gather(&mut self, graph: &'a Graph) {
        self.weights.extend(graph.initializer.iter().map(|t| (t.name.as_str(), t)));
        for node in &graph.node {
            self.nodes.extend(node.output.iter().map(|o| (o.as_str(), node)));
            for inner in node.attribute.iter().filter_map(|a| a.g.as_ref()) {
                self.gather(inner);
            }
        }
    }

    pub fn node(&self, output: &str) -> Result<&'a Node> {
        self.nodes.get(output).copied().ok_or(Broken("it is not the decoder that was expected"))
    }

    pub fn weight(&self, name: &str) -> Result<&'a Tensor> {
        self.weights.get(name).copied().ok_or(Broken("a weight is missing"))
    }
}

/// A graph in the making.
pub struct Builder<'a> {
    parts: &'a Parts<'a>,
    nodes: Vec<Node>,
    constants: Vec<Tensor>,
}

impl<'a> Builder<'a> {
    pub fn new(parts: &'a Parts<'a>) -> Self {
        Self { parts, nodes: Vec::new(), constants: Vec::new() }
    }

    /// A new node with one output, whose name it gives back. Operators that ONNX itself lacks are Microsoft's.
    pub fn add(&mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) -> String {
        self.add_many(op, inputs, &[output], attributes);
        output.into()
    }

    pub fn add_many(&mut self, op: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<Attribute>) {
        const MICROSOFT: [&str; 4] = ["FusedMatMul", "MultiHeadAttention", "QuickGelu", "RotaryEmbedding"];
        let own = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        let domain = if MICROSOFT.contains(&op) { "com.microsoft" } else { "" };
        self.nodes.push(Node {
            input: own(inputs),
            output: own(outputs),
            name: outputs[0].into(),
            op_type: op.into(),
            attribute: attributes,
            domain: domain.into(),
        });
    }

    /// The node that makes `output` in the old graph, fed with these inputs by position.
    pub fn take(&mut self, output: &str, inputs: &[(usize, &str)]) -> Result<String> {
        let mut node = self.parts.node(output)?.clone();
        for &(position, name) in inputs {
            *node.input.get_mut(position).ok_or(Broken("a node has fewer inputs than expected"))? = name.into();
        }
        self.nodes.push(node);
        Ok(output.into())
    }

    pub fn integers(&mut self, name: &str, dims: Vec<i64>, values: &[i64]) {
        let raw_data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constants.push(Tensor { dims, data_type: INT64, name: name.into(), raw_data, ..Tensor::default() });
    }

    pub fn constant(&mut self, tensor: Tensor) {
        self.constants.push(tensor);
    }

    /// The model: opsets of `like`, the weights that its nodes use in the order of their first use.
    pub fn finish(self, name: &str, input: Vec<ValueInfo>, output: Vec<ValueInfo>, like: &Model) -> Model {
        let mut seen = HashSet::new();
        let used = self.nodes.iter().flat_map(|n| &n.input).filter(|n| seen.insert(n.as_str()));
        let mut initializer: Vec<Tensor> = used.filter_map(|n| self.parts.weights.get(n.as_str())).map(|&t| t.clone()).collect();
        initializer.extend(self.constants);
        let graph = Graph { node: self.nodes, name: name.into(), initializer, input, output };
        Model { ir_version: like.ir_version, graph: Some(graph), opset_import: like.opset_import.clone() }
    }
}

pub fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: name.into(), i: Some(value), kind: 2, ..Attribute::default() }
}

pub fn float(name: &str, value: f32) -> Attribute {
    Attribute { name: name.into(), f: Some(value), kind: 1, ..Attribute::default() }
}

pub fn integers(name: &str, values: &[i64]) -> Attribute {
    Attribute { name: name.into(), ints: values.to_vec(), kind: 7, ..Attribute::default() }
}
