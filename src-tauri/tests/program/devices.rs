//! Devices from a shell, and the settings that say how they are called and what is kept.

use serde_json::{Value, json};

use crate::rig::{Loom, Served};

fn groups(loom: &Loom) -> Vec<Value> {
    loom.rows(&["devices", "list"]).into_iter().filter(|d| d["own"] == false).map(|d| d["group_id"].clone()).collect()
}

#[test]
fn devices_of_one_person_are_linked_and_unlinked_from_a_shell() {
    let loom = Loom::new();
    for device in ["phone", "laptop"] {
        let record = json!({"device_id": device, "data": {"is_locked": true}}).to_string() + "\n";
        let out = loom.with_input(&["topics", "produce", "device.state.lock.raw"], record.as_bytes());
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    assert_eq!(groups(&loom), [Value::Null, Value::Null]);
    let linked = loom.rows(&["devices", "link", "phone", "laptop", "--confidence", "0.9"]);
    assert_eq!(linked.len(), 2, "the group: {linked:?}");
    let both = groups(&loom);
    assert!(both[0].is_string() && both[0] == both[1]);
    assert_eq!(loom.rows(&["devices", "unlink", "phone", "laptop"]).len(), 1);
    assert_eq!(groups(&loom), [Value::Null, Value::Null]);
    assert_eq!(loom.rows(&["devices", "unlink", "phone"]), Vec::<Value>::new());
    let unknown = loom.run(&["devices", "link", "phone", "nobody"]);
    assert!(unknown.status.code() == Some(1) && String::from_utf8_lossy(&unknown.stderr).contains("/device_ids/1"));
}

#[test]
fn what_the_settings_say_of_this_machine_and_of_topics_holds() {
    let loom = Loom::new();
    let text = "device_name = \"Desk\"\n[retention.\"device.state.lock.raw\"]\ndays = 2\n";
    std::fs::write(loom.data.path().join("settings.toml"), text).unwrap();
    let served = Served::start(&loom, &[]);
    let out = loom.with_input(&["topics", "produce", "device.state.lock.raw"], b"{\"data\": {\"is_locked\": true}}\n");
    assert!(out.status.success());
    let own = loom.rows(&["devices", "list"]).into_iter().find(|d| d["own"] == true).unwrap();
    assert_eq!(own["name"], "Desk");
    let topics: Value = serde_json::from_slice(&served.get("/api/topics").1).unwrap();
    let lock = topics["topics"].as_array().unwrap().iter().find(|t| t["topic"] == "device.state.lock.raw").unwrap();
    assert_eq!(lock["retention_days"], 2, "{lock}");
    served.stop();
    let out = loom.command(&["topics", "list"]).env("LOOM_ENGINE", "none-such").output().unwrap();
    assert!(!out.status.success() && String::from_utf8_lossy(&out.stderr).contains("there is no such engine"));
}
