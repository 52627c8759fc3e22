use std::fs;

use prost::Message;

use super::onnx::{Extent, FLOAT, Model, ValueInfo};
use super::{Broken, Recipe, ort};
use crate::find::Models;

/// Every kind of attribute, a branch in a branch's place, text and number weights: made with ONNX Runtime 1.31.1
/// from an ONNX model of six nodes, saved in the ORT format.
const TINY: &[u8] = include_bytes!("tests/tiny.ort");

#[test]
fn every_kind_of_thing_is_told_again() {
    let model = ort::read(TINY).unwrap();
    let graph = model.graph.as_ref().unwrap();
    let ops: Vec<_> = graph.node.iter().map(|n| n.op_type.as_str()).collect();
    assert_eq!(ops, ["LeakyRelu", "If", "Transpose", "StringNormalizer", "ConstantOfShape"]);
    assert_eq!((model.ir_version, model.opset_import[0].domain.as_str(), model.opset_import[0].version), (9, "", 18));

    let attribute = |node: usize, name: &str| graph.node[node].attribute.iter().find(|a| a.name == name).unwrap();
    assert_eq!(attribute(0, "alpha").f, Some(0.25));
    assert_eq!(attribute(2, "perm").ints, [1, 0]);
    assert_eq!(attribute(3, "case_change_action").s.as_deref(), Some(b"UPPER".as_slice()));
    assert_eq!(attribute(3, "stopwords").strings, [b"a".to_vec(), b"the".to_vec()]);
    assert_eq!(attribute(4, "value").t.as_ref().unwrap().raw_data, 1i64.to_le_bytes());
    let branch = attribute(1, "then_branch").g.as_ref().unwrap();
    assert_eq!((branch.node[0].op_type.as_str(), &branch.node[0].input), ("Add", &vec!["y".to_owned(), "w".to_owned()]));

    let weight = |name: &str| graph.initializer.iter().find(|t| t.name == name).unwrap();
    assert_eq!(weight("w").raw_data, [1.5f32, -2.5].map(f32::to_le_bytes).concat());
    assert_eq!(weight("words").string_data, [b"a".to_vec(), b"loom".to_vec()]);
    let names: Vec<_> = graph.input.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["x", "c"], "weights are not inputs");
    assert_eq!(graph.input[0], ValueInfo::tensor("x", FLOAT, Some(vec![Extent::Param("batch".into()), 2.into()])));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let model = ort::read(TINY).unwrap();
    assert_eq!(Model::decode(model.encode_to_vec().as_slice()).unwrap(), model);
}

#[test]
fn every_truncation_is_an_error() {
    // Zeros end the file as padding; everything before them is needed.
    let needed = TINY.len() - TINY.iter().rev().take_while(|&&b| b == 0).count();
    for length in 0..needed {
        assert!(ort::read(&TINY[..length]).is_err(), "the first {length} bytes alone were taken for a model");
    }
}

#[test]
fn no_flipped_bit_is_a_panic() {
    let mut bytes = TINY.to_vec();
    let mut refused = 0;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x10, 0x80, 0xff] {
            bytes[at] ^= flip;
            refused += usize::from(ort::read(&bytes).is_err());
            bytes[at] ^= flip;
        }
    }
    assert!(refused > bytes.len(), "of {} flips only {refused} were noticed", bytes.len() * 4);
}

#[test]
fn another_model_is_refused_by_name() {
    for recipe in [Recipe::CrossAttentions, Recipe::KeyValues, Recipe::Step] {
        assert!(recipe.make(TINY).is_err(), "{recipe:?} took a model that is no Moonshine decoder");
    }
    assert_eq!(ort::read(b"\x08\0\0\0ONNXand more"), Err(Broken("it is not in the ORT format")));
    assert!(ort::read(b"").is_err());
}

/// The decoder as published gives, byte for byte, the files whose checksums the catalogue has.
#[test]
fn moonshine_becomes_the_published_files() {
    let models = Models::find(None);
    let got = models.ensure(&["moonshine-tiny-en"], &mut |_| {});
    assert!(got.is_ok(), "the model that this test converts could not be fetched: {}", got.unwrap_err());
    let decoder = fs::read(models.path("moonshine-tiny-en", "decoder_model_merged.ort").unwrap()).unwrap();
    let files = [
        (Recipe::CrossAttentions, "decoder_model_merged.cross.onnx"),
        (Recipe::KeyValues, "decoder_kv.onnx"),
        (Recipe::Step, "decoder_step.onnx"),
    ];
    for (recipe, name) in files {
        let published = fs::read(models.path("moonshine-tiny-en", name).unwrap()).unwrap();
        let made = recipe.make(&decoder).unwrap();
        assert!(made == published, "{name} comes out different from the published one");
    }
}

#[test]
fn a_damaged_decoder_is_refused_and_not_a_panic() {
    let models = Models::find(None);
    models.ensure(&["moonshine-tiny-en"], &mut |_| {}).unwrap();
    let mut decoder = fs::read(models.path("moonshine-tiny-en", "decoder_model_merged.ort").unwrap()).unwrap();
    for part in [2, 3, 10, 1000] {
        assert!(Recipe::Step.make(&decoder[..decoder.len() / part]).is_err());
    }
    // The head of the file is the root, its tables and their names.
    for at in (0..2000).step_by(211) {
        decoder[at] ^= 0x81;
        let _ = Recipe::Step.make(&decoder); // an answer, whichever: the checksum is what tells a changed weight
        decoder[at] ^= 0x81;
    }
}
