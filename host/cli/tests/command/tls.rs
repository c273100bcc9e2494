//! HTTPS, by a certificate that is renewed under a running gateway.

use std::fs;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use crate::gateway::{Gateway, until};
use crate::scene::Scene;

const FLAGS: [&str; 4] = ["--tls-certificate", "tls.crt", "--tls-key", "tls.key"];

/// A certificate of a host of its own, as PEM with its key, and as clients get it.
struct Certificate {
    pem: String,
    key: String,
    der: CertificateDer<'static>,
}

impl Certificate {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { pem: made.cert.pem(), key: made.signing_key.serialize_pem(), der: made.cert.der().clone() }
    }

    fn install(&self, scene: &Scene) {
        scene.write("tls.crt", &self.pem);
        scene.write("tls.key", &self.key);
    }
}

/// The certificate that a gateway shows to a client that trusts these, which then gets an answer.
fn shown(gateway: &Gateway, trusted: &[&Certificate]) -> CertificateDer<'static> {
    let mut roots = RootCertStore::empty();
    trusted.iter().for_each(|certificate| roots.add(certificate.der.clone()).unwrap());
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let client = client.with_safe_default_protocol_versions().unwrap();
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let mut connection = ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    let mut socket = gateway.connect();
    let mut stream = Stream::new(&mut connection, &mut socket);
    stream.write_all(b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    connection.peer_certificates().unwrap()[0].clone().into_owned()
}

#[test]
fn a_certificate_is_renewed_while_it_serves() {
    let scene = Scene::new();
    let (first, second) = (Certificate::new(), Certificate::new());
    let trusted = [&first, &second];
    first.install(&scene);
    let (gateway, mut log) = Gateway::start_with_log(&scene, &FLAGS);
    assert!(gateway.url.starts_with("https://"), "{}", gateway.url);
    assert_eq!(shown(&gateway, &trusted), first.der);

    second.install(&scene);
    assert_eq!(shown(&gateway, &trusted), first.der, "nobody has said so");
    gateway.signal("HUP");
    until(&mut log, "decides from now on");
    assert_eq!(shown(&gateway, &trusted), second.der);

    // What is no pair, or is not there, leaves the one that is.
    for break_it in [
        (|scene: &Scene| scene.write("tls.crt", &Certificate::new().pem)) as fn(&Scene),
        |scene| scene.write("tls.crt", "no certificate"),
        |scene| fs::remove_file(scene.path("tls.key")).unwrap(),
    ] {
        break_it(&scene);
        gateway.signal("HUP");
        until(&mut log, "nothing was changed");
        assert_eq!(shown(&gateway, &trusted), second.der);
    }
    assert!(gateway.stop().success());
}

#[test]
fn a_certificate_that_cannot_be_served_by_is_refused() {
    let scene = Scene::new();
    let serve = ["serve", "--data-dir", "data", "--listen", "192.0.2.1:1"];
    let refused = |flags: &[&str], code: i32, why: &str| {
        scene.run(&[&serve[..], flags].concat()).failed(code, why);
    };
    refused(&FLAGS, 5, "tls.crt");
    Certificate::new().install(&scene);
    for half in FLAGS.chunks(2) {
        refused(half, 2, "--tls-");
    }
    scene.write("tls.crt", &Certificate::new().pem);
    refused(&FLAGS, 3, "the private key is not that of the certificate");
    scene.write("tls.crt", "no certificate");
    refused(&FLAGS, 3, "there is no certificate in the first: expected PEM");
    assert!(!scene.path("data").exists());
}
