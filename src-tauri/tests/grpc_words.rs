//! The committed gRPC code is what `schemas/grpc/loom.proto` says, so that building Loom needs neither protoc nor a generator.

use std::path::Path;

/// Writes `now` where something else is committed; whether it did.
fn renewed(file: &Path, now: &[u8]) -> bool {
    let stale = std::fs::read(file).unwrap_or_default() != now;
    if stale {
        std::fs::write(file, now).unwrap();
    }
    stale
}

#[test]
fn the_committed_code_is_generated_from_the_committed_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let committed = root.join("core/src/api/grpc/generated");
    let mut compiler = protox::Compiler::new([root.join("schemas/grpc")]).unwrap();
    compiler.include_imports(true).include_source_info(true).open_file("loom.proto").unwrap();
    let made = tempfile::tempdir().unwrap();
    tonic_prost_build::configure().build_client(false).out_dir(made.path()).compile_fds(compiler.file_descriptor_set()).unwrap();
    let code = std::fs::read(made.path().join("loom.v1.rs")).unwrap();
    // Comments are in the code; reflection does without.
    let described = compiler.include_source_info(false).encode_file_descriptor_set();
    let stale = [renewed(&committed.join("loom.v1.rs"), &code), renewed(&committed.join("loom.v1.bin"), &described)];
    assert_eq!(stale, [false, false], "what is generated from loom.proto was stale and has been written anew: commit it");
}
