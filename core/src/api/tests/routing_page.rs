//! The page about the event router: every request on it gets the answer it says, every condition holds.

use serde_json::json;

use super::*;

const PAGE: &str = include_str!("../../../../docs/router.md");

/// Fenced blocks: what the fence says, and what is inside.
pub fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            blocks.push((kind.to_string(), inside.join("\n")));
        }
    }
    blocks
}

/// Whether everything the page says is in the answer; arrays say how their beginning looks.
pub fn says(answer: &Value, page: &Value) -> bool {
    match (answer, page) {
        (Value::Object(a), Value::Object(p)) => p.iter().all(|(k, v)| a.get(k).is_some_and(|a| says(a, v))),
        (Value::Array(a), Value::Array(p)) => {
            a.len() >= p.len() && p.is_empty() == a.is_empty() && p.iter().zip(a).all(|(p, a)| says(a, p))
        }
        (a, p) => a == p,
    }
}

/// Sends every request of a page and holds the answers against what it says; how many there were.
pub async fn ask_everything(rig: &Rig, page: &str) -> usize {
    let mut answered = None;
    let mut requests = 0;
    for (kind, text) in blocks(page) {
        if kind == "http" {
            let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
            let (method, path) = head.split_once(' ').unwrap();
            let r = Request::builder().method(method).uri(path).header("host", "localhost").header("x-api-key", TOKEN);
            answered = Some(rig.send(r.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()).await);
            requests += 1;
        } else if let Some(status) = kind.strip_prefix("json answer ") {
            let answer = answered.take().expect("an answer follows its request");
            let page: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(answer.status.as_str(), status, "{text}: {}", answer.json());
            assert!(says(&answer.json(), &page), "the page says {page}\nand the answer is {}", answer.json());
        }
    }
    assert!(answered.is_none(), "a request without an answer");
    requests
}

#[tokio::test]
async fn every_request_gets_the_answer_the_page_says() {
    let rig = rig();
    rig.put("device.health.walks.raw", &json!({"kind": "walk", "steps": 1}));
    let requests = ask_everything(&rig, PAGE).await;
    assert!(requests >= 7, "{requests} requests");
}

#[tokio::test]
async fn every_condition_on_the_page_holds_and_its_rules_are_taken() {
    let rig = rig();
    let mut rows = PAGE.lines().skip_while(|l| !l.starts_with("| holds for ")).take_while(|l| l.starts_with('|'));
    let code = |l: &str| l.split('`').nth(1).unwrap().to_string();
    let data: Value = serde_json::from_str(&code(rows.next().unwrap())).unwrap();
    let conditions: Vec<String> = rows.skip(1).map(code).collect();
    assert!(conditions.len() >= 8);
    for condition in conditions {
        let rule = json!({"id": "page", "inputs": ["my.a.raw"], "condition": condition, "outputs": ["my.b.raw"]});
        let tried =
            rig.post("/event-router/rules/try", &json!({"rule": rule, "records": [{"topic": "my.a.raw", "data": data}]}), &[]).await.json();
        assert_eq!((&tried["matched"], &tried["would_fail"]), (&json!(1), &json!(0)), "{condition}: {tried}");
    }
    for (_, rule) in blocks(PAGE).iter().filter(|(kind, _)| kind.starts_with("json file=")) {
        assert_eq!(rig.post("/event-router/rules", &serde_json::from_str(rule).unwrap(), &[]).await.status, StatusCode::CREATED);
    }
}
