//! Reports to the byte as the agents write them: field order, what is left out when empty, Go's escapes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Labels, annotations or tags.
pub type Labels = BTreeMap<String, String>;

/// What `anchore-k8s-inventory` posts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct KubernetesReport {
    /// `kubeconfig.cluster` of the agent.
    pub cluster_name: String,
    /// `null` only from agents before 1.3 that found none.
    pub containers: Option<Vec<Container>>,
    /// The namespaces that the report covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<Namespace>,
    /// The nodes; of a batch those alone that its pods are on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    /// Pods of every phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<Pod>,
    /// No schema of the API has it.
    #[serde(rename = "serverVersionMetadata")]
    pub server_version: Option<ServerVersion>,
    /// RFC 3339, whole seconds, `Z`; the same in all batches of a poll.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub timestamp: String,
}

/// A container that runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Container {
    /// Like `containerd://<64 hex>`.
    pub id: String,
    /// May be empty: not pulled yet, or loaded locally.
    pub image_digest: String,
    /// As the pod's spec has it.
    pub image_tag: String,
    /// In its pod.
    pub name: String,
    /// Its pod.
    pub pod_uid: String,
}

/// A namespace.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Namespace {
    /// Left out when empty.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
    /// Left out when empty.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// In its cluster.
    pub name: String,
    /// A UUID.
    pub uid: String,
}

/// A node.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Node {
    /// Left out when empty, as all but name and uid.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
    /// Like `amd64`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// Like `containerd://1.7.27`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container_runtime_version: String,
    /// Of Linux.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kernel_version: String,
    /// Never since 1.6.3.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_proxy_version: String,
    /// Like `v1.33.1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kubelet_version: String,
    /// Left out when empty.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// In its cluster.
    pub name: String,
    /// Like `linux`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operating_system: String,
    /// A UUID.
    pub uid: String,
}

/// A pod.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Pod {
    /// Left out when empty.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
    /// Left out when empty.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// In its namespace.
    pub name: String,
    /// Its namespace.
    pub namespace_uid: String,
    /// Left out before it is scheduled.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node_uid: String,
    /// A UUID.
    pub uid: String,
}

/// What the API server says of itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerVersion {
    /// Like `1`.
    pub major: String,
    /// Like `33`.
    pub minor: String,
    /// Of newer servers, as the next three.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub emulation_major: String,
    /// See above.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub emulation_minor: String,
    /// See above.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub min_compatibility_major: String,
    /// See above.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub min_compatibility_minor: String,
    /// Like `v1.33.1`.
    pub git_version: String,
    /// A commit.
    pub git_commit: String,
    /// Like `clean`.
    pub git_tree_state: String,
    /// RFC 3339.
    pub build_date: String,
    /// Like `go1.24.2`.
    pub go_version: String,
    /// Like `gc`.
    pub compiler: String,
    /// Like `linux/amd64`.
    pub platform: String,
}

/// What `anchore-ecs-inventory` posts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EcsReport {
    /// RFC 3339, whole seconds, `Z`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub timestamp: String,
    /// The cluster, or `validating-creds`.
    pub cluster_arn: String,
    /// Left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<EcsContainer>,
    /// Left out when empty. At most 100: the agent never reads the second page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// Left out when empty. Ten at most are listed; each task of another one adds it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
}

/// A container of a task.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EcsContainer {
    /// Its ARN.
    pub arn: String,
    /// May be empty.
    pub image_digest: String,
    /// As the task has it.
    pub image_tag: String,
    /// Its task.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub task_arn: String,
}

/// A task.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// Its service; `UNKNOWN` outside one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service_arn: String,
    /// Left out when empty.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub tags: Labels,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub task_definition_arn: String,
}

/// A service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// Left out when empty.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub tags: Labels,
}

/// A report of either agent.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "what they point to is what is large")]
pub enum Report {
    /// Of a Kubernetes cluster, or of a part of its namespaces.
    Kubernetes(KubernetesReport),
    /// Of an ECS cluster.
    Ecs(EcsReport),
}

impl Report {
    /// The body of its POST.
    ///
    /// # Errors
    /// None that these types can have.
    pub fn body(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Kubernetes(report) => go_json(report),
            Self::Ecs(report) => go_json(report),
        }
    }
}

/// As Go's `json.Marshal` writes it: compact, with what HTML could misread escaped, no line end.
///
/// # Errors
/// What the value cannot say in JSON.
pub fn go_json<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let plain = serde_json::to_string(value)?;
    // Outside of strings JSON has none of these.
    let special = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    if !plain.contains(special) {
        return Ok(plain.into_bytes());
    }
    let mut text = String::with_capacity(plain.len() + 64);
    for letter in plain.chars() {
        if special.contains(&letter) {
            text.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            text.push(letter);
        }
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn reports_are_the_agents_own_to_the_byte() {
        let read = |name: &str| {
            std::fs::read_to_string(format!("{}/../reports/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let text = read("k8s-report.compact");
        let report: KubernetesReport = serde_json::from_str(&text).unwrap();
        assert_eq!(String::from_utf8(go_json(&report).unwrap()).unwrap(), text.trim_end());
        let text = read("ecs-report.compact");
        let report: EcsReport = serde_json::from_str(&text).unwrap();
        assert_eq!(String::from_utf8(go_json(&report).unwrap()).unwrap(), text.trim_end());
        let legacy = read("k8s-report-legacy-v1.0-unnormalized");
        let report: KubernetesReport = serde_json::from_str(&legacy).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&go_json(&report).unwrap()).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(&legacy).unwrap());
    }

    #[test]
    fn html_is_escaped_as_go_does() {
        assert_eq!(
            go_json(&"<a&b>\u{2028}é").unwrap(),
            br#""\u003ca\u0026b\u003e\u2028"#.iter().chain("é\"".as_bytes()).copied().collect::<Vec<_>>()
        );
    }
}
