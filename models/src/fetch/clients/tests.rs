use super::*;

const NPM: Package = Package { client: Client::Npm, name: "words", version: "1", bytes: 1 };

#[test]
fn failures_say_what_to_do() {
    let cases = [
        ("npm error code ENOTFOUND", "look at the network"),
        ("WARNING: Retrying … NewConnectionError(…)\nERROR: No matching distribution found", "look at the network"),
        ("OSError: [Errno 28] No space left on device", "make room"),
        ("ERROR: No matching distribution found for words==1", "try npm by hand"),
    ];
    for (log, advice) in cases {
        let error = refused(&NPM, log);
        assert_eq!(error.kind, Kind::Unavailable);
        assert!(error.to_string().contains(advice), "{log} → {error}");
    }
}

#[test]
fn a_package_that_does_not_exist_is_a_clear_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let package = Package { client: Client::Pip { platform: None }, name: "silero-vad", version: "0.0.0.dev0", bytes: 1 };
    let error = Clients.download(&package, folder.path(), &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.to_string().contains("silero-vad 0.0.0.dev0"), "{error}");
}
