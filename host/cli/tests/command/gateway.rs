//! A gateway of a scene: the command that was just built, serving.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::scene::{Ran, Scene, shipped};

/// Of the user `admin`.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Serves a scene's folder `data`; ends with the test.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) url: String,
}

impl Gateway {
    pub(crate) fn start(scene: &Scene, more: &[&str]) -> Self {
        let (gateway, mut log) = Self::start_with_log(scene, more);
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        gateway
    }

    /// The gateway, and what it logs from when it listens.
    pub(crate) fn start_with_log(scene: &Scene, more: &[&str]) -> (Self, BufReader<ChildStderr>) {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir", "data", "--log-format", "json"];
        let mut command = scene.command(&[&serve[..], more].concat());
        command.env("KEEPSET_ADMIN_PASSWORD", PASSWORD).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let line = until(&mut log, "listening on http");
        let (scheme, address) = line.split_once("listening on ").unwrap().1.split_once("://").unwrap();
        let end = address.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap();
        (Self { child, url: format!("{scheme}://{}", &address[..end]) }, log)
    }

    /// A connection of its own, for what is written to it byte by byte.
    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.url.split_once("://").unwrap().1).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    /// Posts a shipped report, as it is or with other words in it.
    pub(crate) fn report(&self, name: &str, change: impl Fn(String) -> String) {
        let report = change(std::fs::read_to_string(shipped(name)).unwrap());
        let credentials = BASE64_STANDARD.encode(format!("admin:{PASSWORD}"));
        let posted = ureq::post(format!("{}/v2/kubernetes-inventory", self.url))
            .header("Authorization", format!("Basic {credentials}"))
            .header("Content-Type", "application/json")
            .send(report);
        assert_eq!(posted.unwrap().status().as_u16(), 201);
    }

    /// Runs a command that asks it, as `admin`.
    pub(crate) fn ask(&self, scene: &Scene, arguments: &[&str]) -> Ran {
        let mut command = scene.command(arguments);
        command.env("ANCHORECTL_USERNAME", "admin").env("ANCHORECTL_PASSWORD", PASSWORD);
        command.args(["--url", &self.url]).output().unwrap().into()
    }
}

/// Reads a log up to a line with these words in it, which it answers.
pub(crate) fn until(log: &mut impl BufRead, words: &str) -> String {
    let (mut line, mut all) = (String::new(), String::new());
    while !line.contains(words) {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "`{words}` is not in: {all}");
        all.push_str(&line);
    }
    line
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
