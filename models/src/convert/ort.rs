//! An ORT-format model, read (schema: onnxruntime/core/flatbuffers/schema/ort.fbs) and told again as ONNX.
//! Nodes keep their order of dependence; fused operators of `com.microsoft` stay as they are.

use std::collections::{HashMap, HashSet};

use super::flatbuffer::{Broken, Reader, Result, Table};
use super::onnx::{Attribute, Dim, Extent, Graph, Model, Node, OperatorSet, Shape, Tensor, TensorType, Type, ValueInfo};

/// Graphs within graphs; the models that Loom uses have one level.
const DEEPEST: usize = 8;
/// The newest ONNX file version that every runtime Loom loads can read.
const IR_VERSION: i64 = 10;
const DOMAINS: [&str; 3] = ["", "com.microsoft", "com.microsoft.nchwc"];

/// # Errors
/// [`Broken`] when the bytes are not an ORT-format model, are damaged, or hold what ONNX cannot say.
pub fn read(bytes: &[u8]) -> Result<Model> {
    let reader = Reader::new(bytes, b"ORTM")?;
    let session = reader.root()?;
    session.text(4)?; // the runtime's version is the last thing in the file: one that was cut off lacks it
    let model = session.need(6)?;
    let mut opset_import = Vec::new();
    for opset in model.tables(6)? {
        let domain = opset.text(4)?;
        if DOMAINS.contains(&domain.as_str()) {
            opset_import.push(OperatorSet { domain, version: opset.i64(6)? });
        }
    }
    let graph = graph(model.need(18)?, "main".into(), 0)?;
    Ok(Model { ir_version: model.i64(4)?.min(IR_VERSION), graph: Some(graph), opset_import })
}

fn graph(table: Table<'_>, name: String, depth: usize) -> Result<Graph> {
    if depth > DEEPEST {
        return Err(Broken("its graphs are nested too deep"));
    }
    let initializer = table.tables(4)?.into_iter().map(tensor).collect::<Result<Vec<_>>>()?;
    let mut args = HashMap::new();
    for arg in table.tables(6)? {
        args.insert(arg.text(4)?, arg);
    }
    let infos = |names: Vec<String>| -> Result<Vec<ValueInfo>> {
        names.into_iter().map(|n| value_info(args.get(&n).ok_or(Broken("an input or output has no type"))?, n)).collect()
    };
    let (mut input, output) = (infos(table.texts(14)?)?, infos(table.texts(16)?)?);
    // The ORT format counts weights among the inputs; an output may well be one.
    let constant: HashSet<&str> = initializer.iter().map(|t| t.name.as_str()).collect();
    input.retain(|i| !constant.contains(i.name.as_str()));
    let nodes = table.tables(8)?.into_iter().map(|n| node(n, depth)).collect::<Result<Vec<_>>>()?;
    Ok(Graph { node: in_order(nodes), name, initializer, input, output })
}

/// A node, and the names from outside that its inner graphs use.
fn node(table: Table<'_>, depth: usize) -> Result<(Node, Vec<String>)> {
    let attributes = table.tables(24)?.into_iter().map(|a| attribute(a, depth)).collect::<Result<_>>()?;
    let node = Node {
        input: table.texts(20)?,
        output: table.texts(22)?,
        name: table.text(4)?,
        op_type: table.text(14)?,
        attribute: attributes,
        domain: table.text(8)?,
    };
    Ok((node, table.texts(28)?))
}

/// Depth-first from each node to what it needs: ONNX wants producers before consumers.
fn in_order(nodes: Vec<(Node, Vec<String>)>) -> Vec<Node> {
    let mut producer = HashMap::new();
    for (i, (node, _)) in nodes.iter().enumerate() {
        producer.extend(node.output.iter().filter(|o| !o.is_empty()).map(|o| (o.as_str(), i)));
    }
    let (mut order, mut seen, mut placed) = (Vec::new(), vec![false; nodes.len()], vec![false; nodes.len()]);
    for start in 0..nodes.len() {
        let mut stack = vec![start];
        while let Some(&i) = stack.last() {
            if seen[i] {
                stack.pop();
                if !std::mem::replace(&mut placed[i], true) {
                    order.push(i);
                }
                continue;
            }
            seen[i] = true;
            let (node, outside) = &nodes[i];
            let needs = node.input.iter().chain(outside).filter_map(|n| producer.get(n.as_str()));
            stack.extend(needs.filter(|&&n| !seen[n]));
        }
    }
    let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(|(n, _)| Some(n)).collect();
    order.into_iter().filter_map(|i| nodes[i].take()).collect()
}

fn attribute(table: Table<'_>, depth: usize) -> Result<Attribute> {
    let (name, kind) = (table.text(4)?, table.i32(8)?);
    let mut a = Attribute { name, kind, ..Attribute::default() };
    match kind {
        1 => a.f = Some(table.f32(10)?),
        2 => a.i = Some(table.i64(12)?),
        3 => a.s = Some(table.bytes(14)?.to_vec()),
        4 => a.t = Some(tensor(table.need(16)?)?),
        5 => a.g = Some(graph(table.need(18)?, a.name.clone(), depth + 1)?),
        6 => a.floats = table.f32s(20)?,
        7 => a.ints = table.i64s(22)?,
        8 => a.strings = table.byte_strings(24)?.into_iter().map(<[u8]>::to_vec).collect(),
        _ => return Err(Broken("it has an attribute of an unknown kind")),
    }
    Ok(a)
}

fn tensor(table: Table<'_>) -> Result<Tensor> {
    if table.has(16)? {
        return Err(Broken("its weights are in another file"));
    }
    Ok(Tensor {
        dims: table.i64s(8)?,
        data_type: table.i32(10)?,
        string_data: table.byte_strings(14)?.into_iter().map(<[u8]>::to_vec).collect(),
        name: table.text(4)?,
        raw_data: table.bytes(12)?.to_vec(),
    })
}

fn value_info(table: &Table<'_>, name: String) -> Result<ValueInfo> {
    let Some(kind) = table.table(8)? else { return Ok(ValueInfo { name, kind: None }) };
    if kind.i8(6)? != 1 {
        return Err(Broken("an input or output is not a tensor"));
    }
    let tensor = kind.need(8)?;
    let shape = match tensor.table(6)? {
        None => None,
        Some(shape) => Some(Shape { dim: shape.tables(4)?.into_iter().map(dim).collect::<Result<_>>()? }),
    };
    Ok(ValueInfo { name, kind: Some(Type { tensor: Some(TensorType { elem_type: tensor.i32(4)?, shape }) }) })
}

fn dim(table: Table<'_>) -> Result<Dim> {
    let Some(value) = table.table(4)? else { return Ok(Dim { extent: None }) };
    let extent = match value.i8(4)? {
        1 => Some(Extent::Value(value.i64(6)?)),
        2 => Some(Extent::Param(value.text(8)?)),
        _ => None,
    };
    Ok(Dim { extent })
}
