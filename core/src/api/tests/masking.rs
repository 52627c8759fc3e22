//! The privacy filter's doors.

use serde_json::json;

use super::*;

const SAID: &str = "write to jane.roe@example.org today";

#[tokio::test]
async fn text_and_data_come_back_masked_and_findings_quote_nothing() {
    let rig = rig();
    let a = rig.post("/api/privacy/filter", &json!({ "text": SAID }), &[]).await.json();
    assert_eq!((&a["text"], &a["findings"][0]["start"]), (&json!("write to <EMAIL_ADDRESS> today"), &json!(9)));
    let a = rig.post("/privacy-filter/detect", &json!({ "text": SAID }), &[]).await;
    assert_eq!((&a.json()["has_pii"], &a.json()["entities"][0]["entity_type"]), (&json!(true), &json!("EMAIL_ADDRESS")));
    assert!(!String::from_utf8_lossy(&a.body).contains("jane"));
    let none = json!({"text": SAID, "entity_types": ["CREDIT_CARD"]});
    assert_eq!(rig.post("/privacy-filter/detect", &none, &[]).await.json()["has_pii"], false);
    for (strategy, expect) in [("redact", "<EMAIL_ADDRESS>"), ("mask", "****.***@*******.***"), ("remove", "")] {
        let ask = json!({"data": {"note": ["jane.roe@example.org"]}, "rules": [{"entity_type": "EMAIL_ADDRESS"}], "replacement_strategy": strategy});
        assert_eq!(rig.post("/privacy-filter/filter", &ask, &[]).await.json()["filtered_data"], json!({"note": [expect]}));
    }
}

#[tokio::test]
async fn what_it_cannot_do_is_refused() {
    let rig = rig();
    assert_eq!(rig.post("/api/privacy/filter", &json!({"text": "", "policy": "none"}), &[]).await.status, StatusCode::BAD_REQUEST);
    let fake = json!({"data": 1, "replacement_strategy": "fake"});
    assert_eq!(rig.post("/privacy-filter/filter", &fake, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(rig.post("/privacy-filter/filter", &json!({"data": 1, "rules": [5]}), &[]).await.json()["errors"][0]["pointer"], "/rules/0");
}
