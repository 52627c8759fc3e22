//! Every example of `docs/ingestion.md` and `docs/devices.md`, sent as it stands there.

use super::sounds::{connect, next, serving};
use super::*;

const PAGE: &str = include_str!("../../../../docs/ingestion.md");
const DEVICES: &str = include_str!("../../../../docs/devices.md");

/// Fenced blocks: what stands behind the fence, and the lines.
fn blocks(page: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            blocks.push((kind, lines.by_ref().take_while(|l| *l != "```").collect()));
        }
    }
    blocks
}

/// A command's words, as a shell would have them, up to `#`.
fn words(command: &str) -> Vec<String> {
    let (mut all, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.replace("$TOKEN", TOKEN).chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => return all,
            (None, c) if c.is_whitespace() => all.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

/// What a file of the examples holds.
fn file(name: &str) -> Vec<u8> {
    let samples: Vec<u8> = (0..8000u32).flat_map(|n| ((n % 50) as i16).to_le_bytes()).collect();
    if !name.ends_with(".wav") {
        return samples;
    }
    let size = samples.len() as u32;
    let format = [&b"fmt \x10\0\0\0\x01\0\x01\0"[..], &16_000u32.to_le_bytes(), &32_000u32.to_le_bytes(), b"\x02\0\x10\0"].concat();
    [&b"RIFF"[..], &(36 + size).to_le_bytes(), b"WAVE", &format, b"data", &size.to_le_bytes(), &samples].concat()
}

/// The request a curl command makes.
fn request(command: &str) -> Request<Body> {
    let mut words = words(command).into_iter().skip(1);
    let (mut method, mut uri, mut headers, mut body, mut form) = (None, String::new(), Vec::new(), Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap();
        match word.as_str() {
            "-X" => method = Some(value()),
            "-H" => headers.push(value()),
            "-A" => headers.push(format!("user-agent: {}", value())),
            "-d" => body = value().into_bytes(),
            "--data-binary" => body = file(value().strip_prefix('@').unwrap()),
            "-F" => form.push(value()),
            url => uri = url.strip_prefix("http://127.0.0.1:8600").unwrap_or_else(|| panic!("{url} in {command}")).to_owned(),
        }
    }
    for field in &form {
        let (name, value) = field.split_once('=').unwrap();
        let (named, value) = match value.strip_prefix('@') {
            Some(path) => (format!("; filename=\"{path}\""), file(path)),
            None => (String::new(), value.as_bytes().to_vec()),
        };
        body.extend(format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{named}\r\n\r\n").as_bytes());
        body.extend([&value[..], b"\r\n"].concat());
    }
    if !form.is_empty() {
        body.extend(b"--x--\r\n");
        headers.push("content-type: multipart/form-data; boundary=x".into());
    }
    let method = method.unwrap_or_else(|| if body.is_empty() { "GET" } else { "POST" }.into());
    let mut request = Request::builder().method(method.as_str()).uri(uri).header("host", "127.0.0.1:8600");
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(Body::from(body)).unwrap()
}

/// Sends every command of a page, in order; how many there were.
async fn sent(page: &'static str) -> usize {
    let (rig, mut link, mut sent) = (rig(), String::new(), 0);
    for (_, lines) in blocks(page).into_iter().filter(|(kind, _)| *kind == "sh") {
        for command in lines.join("\n").replace("\\\n", " ").lines().filter(|l| l.starts_with("curl")) {
            let command = command.replace("$LINK", &link);
            let expected: u16 = command.rsplit_once("# ").unwrap().1.parse().unwrap();
            let answer = rig.send(request(&command)).await;
            assert_eq!(answer.status.as_u16(), expected, "{command}\n{}", String::from_utf8_lossy(&answer.body));
            if let Some(id) = answer.json()["links"][0]["link_id"].as_str() {
                link = id.to_owned();
            }
            sent += 1;
        }
    }
    sent
}

#[tokio::test]
async fn every_command_of_the_pages_answers_what_it_says() {
    assert!(sent(PAGE).await > 35);
    assert!(sent(DEVICES).await > 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_of_the_page_is_answered_as_it_says() {
    let served = serving(&rig());
    let port = served.port;
    tokio::task::spawn_blocking(move || {
        let mut said = 0;
        for (kind, lines) in blocks(PAGE) {
            let Some(path) = kind.strip_prefix("ws ") else { continue };
            let mut socket = connect(port, path);
            for line in lines {
                match line.split_at(2) {
                    ("> ", message) => socket.send(tungstenite::Message::text(message)).unwrap(),
                    (_, answer) => assert_eq!(next(&mut socket)["type"], answer, "{line}"),
                }
                said += 1;
            }
        }
        assert!(said >= 6);
    })
    .await
    .unwrap();
    served.stop().await;
}

#[test]
fn every_address_that_takes_records_stands_on_the_page_or_is_one_of_its_family() {
    for (path, _) in crate::door::PATHS {
        let family = path.split('/').nth(1).unwrap();
        assert!(
            PAGE.contains(&format!(":8600/{family}"))
                || ["documents", "digital", "sms", "mms", "github", "system", "device"].contains(&family),
            "{path}"
        );
    }
}
