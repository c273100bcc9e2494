//! What a gateway tells of itself: its log, and its traces as whoever collects them gets them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::gateway::Gateway;
use crate::scene::Scene;

/// Trace and span of a caller: `00-<trace>-<span>-01` (W3C Trace Context).
const TRACE: [u8; 16] = *b"\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_callers_trace_goes_on() {
    let (collector, traces) = collector();
    let scene = Scene::new();
    let gateway = Gateway::start(&scene, &["--otlp-endpoint", &collector]);
    let mut connection = gateway.connect();
    let request = format!(
        "GET /version HTTP/1.1\r\nHost: keepset\r\ntraceparent: {TRACEPARENT}\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // At its end the gateway sends what it has not sent yet.
    assert!(gateway.stop().success());
    let patience = Duration::from_secs(20);
    let sent: Vec<u8> = std::iter::from_fn(|| traces.recv_timeout(patience).ok()).flatten().collect();
    assert!(sent.windows(TRACE.len()).any(|bytes| bytes == TRACE), "another trace");
    assert!(sent.windows(7).any(|bytes| bytes == b"request"), "another span");
}

#[test]
fn a_refusal_says_in_the_log_why_and_whose_it_was() {
    let scene = Scene::new();
    let (gateway, log) = Gateway::start_with_log(&scene, &[]);
    let report = r#"{"cluster_name": "prod", "timestamp": "2026-08-06T09:00:00Z", "pods": [{"uid": 7}]}"#;
    let mut connection = gateway.connect();
    // admin, correct horse battery
    let login = "YWRtaW46Y29ycmVjdCBob3JzZSBiYXR0ZXJ5";
    let request = format!(
        "POST /v2/kubernetes-inventory HTTP/1.1\r\nHost: keepset\r\nConnection: close\r\nAuthorization: Basic {login}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{report}",
        report.len(),
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    drop(gateway);
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let lines: Vec<Value> = lines.filter(|line| line["status"] == 400).collect();
    let [line] = &*lines else { panic!("{lines:?}") };
    assert_eq!((&line["level"], &line["pointer"]), (&"WARN".into(), &"/pods/0/uid".into()));
    assert!(line["message"].as_str().unwrap().contains("expected a string"), "{line}");
    for (field, value) in
        [("user", "admin"), ("account", "admin"), ("cluster", "prod"), ("address", "127.0.0.1")]
    {
        assert_eq!(line["span"][field], value, "{line}");
    }
}

/// Takes traces over HTTP; what it was sent comes out, until the connection ends.
fn collector() -> (String, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // One connection: an exporter keeps it.
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        while let Some(length) = content_length(&mut reader) {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            sender.send(body).unwrap();
            reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (url, receiver)
}

/// Reads the head of a request; none at the end of the connection.
fn content_length(reader: &mut impl std::io::BufRead) -> Option<usize> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(':') {
            None if line == "\r\n" => return Some(length.unwrap_or_default()),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = Some(value.trim().parse().unwrap());
            }
            _ => {}
        }
    }
}
