//! The schema registry over HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Rig, TOKEN, rig};

const TYPE: &str = "application/vnd.schemaregistry.v1+json";

async fn call(rig: &Rig, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request = Request::builder().method(method).uri(format!("/schema-registry{path}"));
    let request = request.header("host", "localhost").header("x-api-key", TOKEN).header("content-type", TYPE).header("accept", TYPE);
    rig.send(request.body(body.map_or_else(Body::empty, |b| Body::from(b.to_string()))).unwrap()).await
}

fn schema(schema: &Value) -> Option<Value> {
    Some(json!({"schemaType": "JSON", "schema": schema.to_string()}))
}

/// The status, and the error's own code.
fn refused(answer: &Answer) -> (u16, u64) {
    assert_eq!(answer.header("content-type"), TYPE);
    let body = answer.json();
    assert!(body["message"].is_string(), "{body}");
    (answer.status.as_u16(), body["error_code"].as_u64().unwrap())
}

#[tokio::test]
async fn a_schema_lives_as_clients_know_it() {
    let rig = rig();
    let first = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": false});
    let registered = call(&rig, "POST", "/subjects/p-value/versions?normalize=False", schema(&first)).await;
    assert_eq!((registered.status, registered.header("content-type")), (StatusCode::OK, TYPE));
    let id = registered.json()["id"].as_i64().unwrap();
    assert_eq!(call(&rig, "GET", "/subjects?subjectPrefix=p-", None).await.json(), json!(["p-value"]));
    assert_eq!(call(&rig, "GET", "/subjects/p-value/versions", None).await.json(), json!([1]));
    for version in ["1", "latest", "-1"] {
        let found = call(&rig, "GET", &format!("/subjects/p-value/versions/{version}"), None).await.json();
        assert_eq!((found["id"].as_i64(), found["schemaType"].as_str()), (Some(id), Some("JSON")));
    }
    assert_eq!(call(&rig, "GET", "/subjects/p-value/versions/1/schema", None).await.json(), first);
    assert_eq!(call(&rig, "GET", &format!("/schemas/ids/{id}/schema"), None).await.json(), first);
    let by_id = call(&rig, "GET", &format!("/schemas/ids/{id}?subject=p-value&fetchMaxId=true"), None).await.json();
    assert_eq!((by_id["subject"].as_str(), by_id["maxId"].as_i64()), (Some("p-value"), Some(id)));
    assert_eq!(call(&rig, "GET", &format!("/schemas/ids/{id}/subjects"), None).await.json(), json!(["p-value"]));
    assert_eq!(call(&rig, "GET", &format!("/schemas/ids/{id}/versions"), None).await.json(), json!([{"subject": "p-value", "version": 1}]));
    let guid = by_id["guid"].as_str().unwrap();
    assert_eq!(call(&rig, "GET", &format!("/schemas/guids/{guid}/ids"), None).await.json()[0]["id"], id);
    assert_eq!(call(&rig, "POST", "/subjects/p-value", schema(&first)).await.json()["version"], 1);
    assert_eq!(call(&rig, "GET", "/schemas/types", None).await.json(), json!(["JSON"]));
    assert_eq!(call(&rig, "DELETE", "/subjects/p-value", None).await.json(), json!([1]));
    assert_eq!(call(&rig, "DELETE", "/subjects/p-value?permanent=true", None).await.json(), json!([1]));
    assert_eq!(call(&rig, "GET", "/subjects?subjectPrefix=p-&deleted=true", None).await.json(), json!([]));
}

#[tokio::test]
async fn a_bad_version_is_told_with_its_reason_and_a_document() {
    let rig = rig();
    let old = json!({"type": "object", "properties": {"a": {"type": "number"}}, "additionalProperties": false});
    let new = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": false});
    call(&rig, "POST", "/subjects/s/versions", schema(&old)).await;
    let path = "/compatibility/subjects/s/versions/latest";
    assert_eq!(call(&rig, "POST", path, schema(&new)).await.json(), json!({"is_compatible": false}));
    let told = call(&rig, "POST", &format!("{path}?verbose=True"), schema(&new)).await.json();
    assert!(told["messages"][0].as_str().unwrap().contains("TYPE_NARROWED"), "{told}");
    assert_eq!(told["details"][0]["changes"][0]["path"], "#/properties/a");
    assert_eq!(told["details"][0]["counter_example"]["a"].as_f64().map(|n| n.fract() != 0.0), Some(true));
    assert_eq!(refused(&call(&rig, "POST", "/subjects/s/versions", schema(&new)).await), (409, 409));
    assert_eq!(call(&rig, "POST", "/compatibility/subjects/new/versions/latest", schema(&new)).await.json()["is_compatible"], true);
    assert_eq!(refused(&call(&rig, "POST", "/compatibility/subjects/s/versions/9", schema(&new)).await), (404, 40402));
    let checked = call(&rig, "POST", "/check", Some(json!({"old": "s", "new": new}))).await.json();
    assert_eq!((checked["compatible"].as_bool(), checked["forward"]["compatible"].as_bool()), (Some(false), Some(true)));
}

#[tokio::test]
async fn levels_and_modes_are_set_and_taken_back() {
    let rig = rig();
    assert_eq!(call(&rig, "GET", "/config", None).await.json(), json!({"compatibilityLevel": "BACKWARD"}));
    assert_eq!(refused(&call(&rig, "GET", "/config/s", None).await), (404, 40408));
    assert_eq!(call(&rig, "GET", "/config/s?defaultToGlobal=true", None).await.json()["compatibilityLevel"], "BACKWARD");
    assert_eq!(call(&rig, "PUT", "/config/s", Some(json!({"compatibility": "full"}))).await.json(), json!({"compatibility": "FULL"}));
    assert_eq!(call(&rig, "GET", "/config/s", None).await.json(), json!({"compatibilityLevel": "FULL"}));
    assert_eq!(refused(&call(&rig, "PUT", "/config", Some(json!({"compatibility": "SIDEWARD"}))).await), (422, 42203));
    assert_eq!(call(&rig, "DELETE", "/config/s", None).await.json(), json!({"compatibilityLevel": "FULL"}));
    assert_eq!(refused(&call(&rig, "DELETE", "/config/s", None).await), (404, 40401));
    assert_eq!(call(&rig, "GET", "/mode", None).await.json(), json!({"mode": "READWRITE"}));
    assert_eq!(refused(&call(&rig, "GET", "/mode/s", None).await), (404, 40409));
    assert_eq!(call(&rig, "PUT", "/mode/s?force=False", Some(json!({"mode": "READONLY"}))).await.json(), json!({"mode": "READONLY"}));
    assert_eq!(refused(&call(&rig, "POST", "/subjects/s/versions", schema(&json!({}))).await), (422, 42205));
    assert_eq!(refused(&call(&rig, "PUT", "/mode", Some(json!({"mode": "X"}))).await), (422, 42204));
    assert_eq!(call(&rig, "DELETE", "/mode/s", None).await.json(), json!({"mode": "READONLY"}));
}

#[tokio::test]
async fn what_is_not_there_or_wrong_says_so_in_the_registrys_own_words() {
    let rig = rig();
    for (method, path, body, says) in [
        ("GET", "/subjects/none/versions", None, (404, 40401)),
        ("GET", "/subjects/none/versions/1", None, (404, 40401)),
        ("GET", "/subjects/device.audio.raw-value/versions/7", None, (404, 40402)),
        ("GET", "/subjects/device.audio.raw-value/versions/zero", None, (422, 42202)),
        ("GET", "/schemas/ids/99999", None, (404, 40403)),
        ("GET", "/schemas/ids/x", None, (404, 404)),
        ("POST", "/subjects/none", schema(&json!({})), (404, 40401)),
        ("POST", "/subjects/s/versions", schema(&json!({"type": 12})), (422, 42201)),
        ("POST", "/subjects/s/versions", Some(json!({"schema": ""})), (422, 42201)),
        ("POST", "/subjects/s/versions", Some(json!({"schema": "\"string\"", "schemaType": "AVRO"})), (422, 42201)),
        ("POST", "/subjects/s/versions", Some(json!([])), (422, 422)),
        ("POST", "/subjects/s/versions", schema(&json!("x".repeat(600_000))), (422, 42209)),
        ("POST", "/subjects/s/versions", schema(&json!("x".repeat(2_000_000))), (413, 413)),
        ("DELETE", "/subjects/device.audio.raw-value", None, (422, 42205)),
        ("GET", "/associations/resources/-/topic?resourceType=topic", None, (404, 404)),
    ] {
        assert_eq!(refused(&call(&rig, method, path, body).await), says, "{method} {path}");
    }
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let rig = rig();
    let send = |kind: &'static str, body: &'static [u8]| {
        let r = Request::post("/schema-registry/subjects/s/versions").header("host", "localhost").header("x-api-key", TOKEN);
        rig.send(r.header("content-type", kind).body(Body::from(body)).unwrap())
    };
    for (kind, body, status) in [
        ("application/json", br#"{"schema": "{}"}"#.as_slice(), 200),
        ("application/vnd.schemaregistry+json; charset=utf-8", br#"{"schema": "{}"}"#.as_slice(), 200),
        ("text/xml", br#"{"schema": "{}"}"#.as_slice(), 415),
        ("application/json", b"{\"schema\": \"\xff\"}".as_slice(), 400),
        ("application/json", br#"{"schema": "{}", "schema": "true"}"#.as_slice(), 400),
        ("application/json", br#"{"schema": 1e999}"#.as_slice(), 400),
        ("application/json", br#"{"schema": "#.as_slice(), 400),
    ] {
        assert_eq!(send(kind, body).await.status.as_u16(), status, "{kind} {}", String::from_utf8_lossy(body));
    }
}

#[tokio::test]
async fn loom_v2s_shapes_stand_beside() {
    let rig = rig();
    let names = rig.get("/schema-registry/schemas").await.json();
    assert!(names["schemas"].as_array().unwrap().contains(&json!("device.sensor.gps.raw.v1")), "{names}");
    let all = call(&rig, "GET", "/schemas?latestOnly=true&limit=3", None).await.json();
    assert_eq!((all.as_array().map(Vec::len), all[0]["version"].as_i64()), (Some(3), Some(1)));
    let named = rig.get("/schema-registry/schemas/device.sensor.gps.v1").await.json();
    assert_eq!((named["schema_name"].as_str(), named["schema"]["type"].as_str()), (Some("device.sensor.gps.raw.v1"), Some("object")));
    assert_eq!(rig.get("/schema-registry/schemas/device.sensor.gps.v1/versions").await.json()["versions"], json!(["v1"]));
    let fits = |data: Value| call(&rig, "POST", "/validate", Some(json!({"schema_name": "device.sensor.gps.v1", "data": data})));
    let good = fits(json!({"latitude": 1, "longitude": 2})).await.json();
    assert_eq!((good["valid"].as_bool(), good["errors"].as_array().map(Vec::len)), (Some(true), Some(0)));
    let bad = fits(json!({"latitude": 91})).await.json();
    let mut errors: Vec<String> = serde_json::from_value(bad["errors"].clone()).unwrap();
    errors.sort();
    assert_eq!(errors, ["/latitude: at most 90", "/longitude: it is required"]);
    let unknown = call(&rig, "POST", "/validate", Some(json!({"schema_name": "none.v1", "data": {}}))).await;
    assert_eq!(refused(&unknown), (404, 40403));
    assert_eq!(rig.get("/schema-registry/stats").await.json()["validations"], 2);
}

#[tokio::test]
async fn what_is_registered_is_what_records_are_held_against() {
    let rig = rig();
    let limited = |most: u32| json!({"type": "object", "properties": {"bq": {"type": "integer", "maximum": most}}, "required": ["bq"]});
    let path = "/subjects/device.sensor.radon.raw-value/versions";
    call(&rig, "POST", path, schema(&limited(5))).await;
    let put = |n: u32, schema: Option<&str>| {
        let mut body = json!({"data": {"bq": n}});
        if let Some(schema) = schema {
            body["schema"] = schema.into();
        }
        let rig = &rig;
        async move { rig.post("/api/topics/device.sensor.radon.raw/records", &body, &[]).await.status.as_u16() }
    };
    assert_eq!((put(5, None).await, put(6, None).await), (201, 422));
    call(&rig, "POST", path, schema(&limited(9))).await;
    assert_eq!((put(6, None).await, put(6, Some("device.sensor.radon.raw.v1")).await), (201, 422));
    let read = rig.get("/api/topics/device.sensor.radon.raw/records?from_beginning=true").await.json();
    let names: Vec<_> = read["records"].as_array().unwrap().iter().map(|r| r["schema"].as_str().unwrap()).collect();
    assert_eq!(names, ["device.sensor.radon.raw.v1", "device.sensor.radon.raw.v2"]);
}

#[tokio::test]
async fn schemas_are_told_to_people_and_nothing_in_them_runs() {
    let rig = rig();
    let sly = json!({"description": "<script>alert(1)</script>", "type": "object", "properties": {"\"><img src=x>": {"type": "string", "description": "a & b"}}});
    call(&rig, "POST", "/subjects/%3Cb%3E/versions", schema(&sly)).await;
    call(&rig, "PUT", "/config/%3Cb%3E", Some(json!({"compatibility": "NONE"}))).await;
    call(&rig, "POST", "/subjects/%3Cb%3E/versions", schema(&json!({"type": "string", "title": "<i>"}))).await;
    for path in ["/schema-registry/docs", "/schema-registry/docs/%3Cb%3E", "/schema-registry/docs/device.sensor.gps.raw-value"] {
        let page = rig.get(path).await;
        let text = String::from_utf8(page.body).unwrap();
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for raw in ["<script", "<img", "<i>", "<b>\""] {
            assert!(!text.contains(raw), "{path} holds {raw}");
        }
        assert!(text.contains("/ui/tokens.css") && text.ends_with("</html>"));
    }
    let gps = rig.get("/schema-registry/docs/device.sensor.gps.raw").await;
    let text = String::from_utf8(gps.body).unwrap();
    assert!(text.contains("-90 to 90") && text.contains("metres a second") && text.contains("Degrees north"));
    let evolution = rig.get("/schema-registry/docs/%3Cb%3E/evolution").await.json();
    assert_eq!(evolution["versions"][1]["backward"]["compatible"], false);
    assert!(evolution["versions"][1]["backward"]["counter_example"].is_object(), "{evolution}");
}

#[tokio::test]
async fn a_link_opens_the_pages_about_schemas_where_loom_s_own_page_is_open_and_nothing_else() {
    let rig = rig();
    let open = async |path: &'static str, cookie: &str| {
        let r = Request::get(path).header("host", "localhost").header("sec-fetch-site", "none").header("cookie", cookie);
        rig.send(r.body(Body::empty()).unwrap()).await
    };
    assert_eq!(open("/schema-registry/docs", "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(rig.get("/api/topics").await.header("set-cookie"), "", "a program's request earns none");
    let foreign = rig.get_with("/api/topics", &[("sec-fetch-site", "same-site")]).await;
    assert_eq!(foreign.header("set-cookie"), "");
    let own = rig.get_with("/api/topics", &[("sec-fetch-site", "same-origin")]).await;
    let given = own.header("set-cookie").to_owned();
    assert!(given.ends_with("; Path=/schema-registry/docs; HttpOnly; SameSite=Strict") && !given.contains(TOKEN), "{given}");
    let cookie = format!("other=1; {}", given.split(';').next().unwrap());
    for path in ["/schema-registry/docs", "/schema-registry/docs/device.sensor.gps.raw"] {
        assert_eq!(open(path, &cookie).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/schema-registry/subjects", "/schema-registry/docsx", "/api/topics", "/device-identity/links"] {
        assert_eq!(open(path, &cookie).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(open("/schema-registry/docs", "loom-docs=00").await.status, StatusCode::UNAUTHORIZED);
    let no_token = Request::get("/version").header("host", "localhost").header("sec-fetch-site", "same-origin");
    assert_eq!(rig.send(no_token.body(Body::empty()).unwrap()).await.header("set-cookie"), "");
}
