//! The simulated agents against a service that answers what it is told: do they do what the real ones do?

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use keepset_agents::cluster::Cluster;
use keepset_agents::ecs::EcsAgent;
use keepset_agents::http::NoReply;
use keepset_agents::kubernetes::{KubernetesAgent, NotStarted, Options, Route, Started};
use keepset_agents::region::Region;
use keepset_agents::release::Release;
use keepset_agents::session::{Failure, Path, Target};

use crate::gateway::Kind;

crate::cases!(
    a_later_agent_waits_for_what_passes_and_ends_at_all_else,
    what_registration_answers_must_be_what_go_expects,
    a_404_makes_it_look_for_the_path,
    the_ecs_agent_takes_silence_for_the_first_version,
    success_is_2xx_with_nothing_or_json,
    it_falls_back_on_the_default_account_from_1_5_on,
    it_gives_up_after_its_time_and_tries_nothing_twice,
    every_request_has_a_connection_of_its_own,
);

type Answer = (u16, &'static str);

/// By path and account.
type Answers = fn(&str, &str) -> Answer;

/// What is answered, and what was asked.
#[derive(Clone)]
struct Service {
    answer: Answers,
    asked: Arc<Mutex<Vec<String>>>,
    url: String,
}

impl Service {
    async fn start(answer: Answers) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = Self { answer, asked: Arc::default(), url };
        let router = Router::new().fallback(respond).with_state(service.clone());
        tokio::spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<std::net::SocketAddr>())
                .await
                .unwrap();
        });
        service
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn target(&self) -> Target {
        Target { timeout: Duration::from_millis(500), ..Target::new(&self.url, "u", "p", "home") }
    }

    fn kubernetes(&self, minor: u32) -> KubernetesAgent {
        let routes = vec![Route {
            account: "other".to_owned(),
            namespaces: ["payments".to_owned()].into(),
            credentials: None,
        }];
        let options = Options { routes, ..Options::default() };
        KubernetesAgent::new(
            Release::kubernetes(minor),
            self.target(),
            options,
            Cluster::new("c", 1, 4, 10),
            1,
        )
    }

    fn ecs(&self) -> EcsAgent {
        EcsAgent::new(Release::ecs(4), self.target(), Region::new("e", 1, 1, 5))
    }
}

async fn respond(State(service): State<Service>, request: Request) -> Response {
    let peer = request.extensions().get::<axum::extract::ConnectInfo<std::net::SocketAddr>>().unwrap().0;
    let account = request
        .headers()
        .get("x-anchore-account")
        .map_or("-", |account| account.to_str().unwrap())
        .to_owned();
    let path = request.uri().path().to_owned();
    assert_eq!(request.headers().contains_key(header::AUTHORIZATION), path != "/version");
    // The whole body, as a server that answers 2xx reads it.
    axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let (status, body) = (service.answer)(&path, &account);
    service.asked.lock().unwrap().push(format!("{path} {account} {}", peer.port()));
    if status == 0 {
        std::future::pending::<()>().await;
    }
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

const V2: &str = r#"{"api":{"version":"2"},"service":{"version":"5.11.0"}}"#;
const ENGINE: &str = r#"{"api":{},"service":{"version":"1.1.0"}}"#;
const INTEGRATION: &str = r#"{"uuid":"7d8b0610","uptime":2.5,"started_at":"2026-08-06T08:59:50Z"}"#;
const NO_ACCOUNT: &str = r#"{"message":"User account not found. Name=other"}"#;

async fn a_later_agent_waits_for_what_passes_and_ends_at_all_else(_: Kind) {
    let started: [(Answers, Result<Started, &str>); 12] = [
        (|path, _| if path == "/version" { (200, V2) } else { (201, INTEGRATION) }, Ok(Started::Registered)),
        (|_, _| (200, ENGINE), Ok(Started::Reporting)),
        (|_, _| (200, r#"{"service":{"version":"5.11.0-dev"}}"#), Ok(Started::Reporting)),
        (|_, _| (200, r#"{"service":{}}"#), Err("waiting")),
        (|_, _| (200, r#"{"service":{"version":"latest"}}"#), Err("waiting")),
        (|_, _| (503, ""), Err("waiting")),
        (|_, _| (0, ""), Err("waiting")),
        (|_, _| (500, "{}"), Err("exit")),
        (|_, _| (404, "{}"), Err("exit")),
        (|_, _| (200, "<html>"), Err("exit")),
        (|path, _| if path == "/version" { (200, V2) } else { (502, "") }, Err("waiting")),
        (|path, _| if path == "/version" { (200, V2) } else { (403, "{}") }, Err("exit")),
    ];
    for (number, (answer, expected)) in started.into_iter().enumerate() {
        let service = Service::start(answer).await;
        let found = service.kubernetes(7).start().await;
        let found = found.map_err(|error| match error {
            NotStarted::Exit(_) => "exit",
            NotStarted::Waiting(_) => "waiting",
        });
        assert_eq!(found, expected, "{number}");
        assert_eq!(service.kubernetes(6).start().await, Ok(Started::Reporting));
    }
    let nobody = Target::new("http://127.0.0.1:1", "u", "p", "home");
    let cluster = Cluster::new("c", 1, 1, 1);
    let mut agent = KubernetesAgent::new(Release::kubernetes(7), nobody, Options::default(), cluster, 1);
    assert!(matches!(agent.start().await, Err(NotStarted::Waiting(_))));
}

async fn what_registration_answers_must_be_what_go_expects(_: Kind) {
    let answers: [Answers; 4] = [
        |path, _| if path == "/version" { (200, V2) } else { (200, "") },
        |path, _| if path == "/version" { (200, V2) } else { (200, "{}") },
        |path, _| if path == "/version" { (200, V2) } else { (200, r#"{"uuid":"a","uptime":"2"}"#) },
        |path, _| if path == "/version" { (200, V2) } else { (200, r#"{"uuid":"a","started_at":"now"}"#) },
    ];
    for answer in answers {
        let started = Service::start(answer).await.kubernetes(8).start().await;
        assert!(matches!(started, Err(NotStarted::Exit(_))), "{started:?}");
    }
}

async fn a_404_makes_it_look_for_the_path(_: Kind) {
    // An old service: the second path is it.
    let service = Service::start(|path, _| match path {
        "/version" => (200, ENGINE),
        "/v1/enterprise/kubernetes-inventory" | "/v1/enterprise/ecs-inventory" => (200, ""),
        _ => (404, "{}"),
    })
    .await;
    let mut agent = service.kubernetes(1);
    assert!(agent.poll().await.iter().all(|sent| sent.failure.is_none()));
    assert_eq!(agent.path(), Path::V1);
    let paths: Vec<String> =
        service.asked().iter().map(|asked| asked.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(paths, ["/v2/kubernetes-inventory", "/version", "/v1/enterprise/kubernetes-inventory"]);
    assert!(agent.poll().await.iter().all(|sent| sent.failure.is_none()));
    assert_eq!(service.asked().len(), 1, "it remembers");
    let mut agent = service.ecs();
    assert_eq!(agent.start().await.failure, None);
    assert_eq!(agent.path(), Path::V1);
    // One that says it is version 2 and does not have the path.
    let service = Service::start(|path, _| if path == "/version" { (200, V2) } else { (404, "") }).await;
    let sent = service.kubernetes(8).poll().await;
    assert_eq!(sent[0].failure, Some(Failure::Refused(404, "failed to parse response".to_owned())));
    // 1.0 knows nothing of it.
    let sent = service.kubernetes(0).poll().await;
    assert!(matches!(sent[0].failure, Some(Failure::Refused(404, _))));
}

async fn the_ecs_agent_takes_silence_for_the_first_version(_: Kind) {
    let service = Service::start(|path, _| if path == "/version" { (503, "") } else { (404, "{}") }).await;
    let mut agent = service.ecs();
    assert!(agent.start().await.failure.is_some());
    assert_eq!(agent.path(), Path::V1, "and it stays there until a 404");
    let mut agent = service.kubernetes(8);
    agent.poll().await;
    assert_eq!(agent.path(), Path::V2);
}

async fn success_is_2xx_with_nothing_or_json(_: Kind) {
    let answers: [(Answers, [bool; 2]); 5] = [
        (|_, _| (201, ""), [true, true]),
        (|_, _| (204, ""), [true, true]),
        (|_, _| (200, "null"), [true, true]),
        // A login page; the first release does not look.
        (|_, _| (200, "<html>"), [false, true]),
        (|_, _| (500, "{}"), [false, false]),
    ];
    for (answer, [later, first]) in answers {
        let service = Service::start(answer).await;
        for (minor, expected) in [(8, later), (1, later), (0, first)] {
            let sent = service.kubernetes(minor).poll().await;
            assert_eq!(sent[0].failure.is_none(), expected, "1.{minor} {:?}", sent[0].failure);
        }
        assert_eq!(service.ecs().start().await.failure.is_none(), later);
    }
}

async fn it_falls_back_on_the_default_account_from_1_5_on(_: Kind) {
    let answers: [Answers; 2] = [
        |_, account| if account == "other" { (403, "{}") } else { (201, "") },
        |path, account| match (path, account) {
            ("/version", _) => (200, V2),
            (_, "other") => (404, NO_ACCOUNT),
            _ => (201, ""),
        },
    ];
    for answer in answers {
        let service = Service::start(answer).await;
        let sent = service.kubernetes(5).poll().await;
        let accounts: Vec<_> =
            sent.iter().map(|sent| (sent.account.as_str(), sent.failure.is_none())).collect();
        assert_eq!(accounts, [("other", false), ("home", true), ("home", true)]);
        assert_eq!(sent[0].report, sent[1].report, "the same report");
        // Before that there were no routes.
        let sent = service.kubernetes(3).poll().await;
        assert_eq!(sent.len(), 1);
        assert!(sent[0].failure.is_none());
    }
    // Not found for another reason is no reason.
    let service = Service::start(|path, _| if path == "/version" { (200, V2) } else { (404, "{}") }).await;
    assert_eq!(service.kubernetes(5).poll().await.len(), 2);
}

async fn it_gives_up_after_its_time_and_tries_nothing_twice(_: Kind) {
    let service = Service::start(|_, _| (0, "")).await;
    let sent = service.kubernetes(1).poll().await;
    assert_eq!(sent[0].failure, Some(Failure::NoReply(NoReply::Timeout(Duration::from_millis(500)))));
    assert!(sent[0].failure.as_ref().unwrap().is_doubtful());
    assert_eq!(service.asked().len(), 1);
    let service = Service::start(|_, _| (503, "{}")).await;
    service.kubernetes(8).poll().await;
    assert_eq!(service.asked().len(), 2, "one for each account");
    assert_eq!(Target::new("", "", "", "").timeout, Duration::from_secs(10));
}

async fn every_request_has_a_connection_of_its_own(_: Kind) {
    let service = Service::start(|_, _| (201, "")).await;
    let mut agent = service.kubernetes(8);
    for _ in 0..5 {
        agent.poll().await;
    }
    let asked = service.asked();
    let ports: std::collections::BTreeSet<_> =
        asked.iter().map(|asked| asked.rsplit(' ').next().unwrap()).collect();
    assert_eq!(ports.len(), asked.len());
    assert_eq!(asked.len(), 10);
}
