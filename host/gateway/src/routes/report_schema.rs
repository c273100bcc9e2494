//! How reports are documented (contract 1.5). They are read by the plugin alone; nothing here reads them.
#![expect(dead_code, reason = "documentation")]

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// What runs in a Kubernetes cluster.
#[derive(ToSchema)]
pub(crate) struct KubernetesInventory {
    /// Not blank. The first part of every context.
    #[schema(pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    cluster_name: String,
    /// When it was so.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The namespaces that the report covers.
    namespaces: Option<Vec<KubernetesInventoryNamespace>>,
    nodes: Option<Vec<KubernetesInventoryNode>>,
    pods: Option<Vec<KubernetesInventoryPod>>,
    containers: Option<Vec<KubernetesInventoryContainer>>,
}

/// A namespace.
#[derive(ToSchema)]
pub(crate) struct KubernetesInventoryNamespace {
    #[schema(pattern = r"^[^\x00]*$")]
    uid: String,
    #[schema(pattern = r"^[^\x00]*$")]
    name: String,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

/// A node.
#[derive(ToSchema)]
pub(crate) struct KubernetesInventoryNode {
    #[schema(pattern = r"^[^\x00]*$")]
    uid: String,
    #[schema(pattern = r"^[^\x00]*$")]
    name: String,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    #[schema(nullable = false)]
    arch: Option<String>,
    #[schema(nullable = false)]
    container_runtime_version: Option<String>,
    #[schema(nullable = false)]
    kernel_version: Option<String>,
    #[schema(nullable = false)]
    kube_proxy_version: Option<String>,
    #[schema(nullable = false)]
    kubelet_version: Option<String>,
    #[schema(nullable = false)]
    kubernetes_version: Option<String>,
    #[schema(nullable = false)]
    operating_system: Option<String>,
}

/// A pod. One whose namespace is not in the report is skipped.
#[derive(ToSchema)]
pub(crate) struct KubernetesInventoryPod {
    #[schema(pattern = r"^[^\x00]*$")]
    uid: String,
    #[schema(pattern = r"^[^\x00]*$")]
    name: String,
    #[schema(pattern = r"^[^\x00]*$")]
    namespace_uid: String,
    #[schema(nullable = false, pattern = r"^[^\x00]*$")]
    node_uid: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

/// A container. One whose pod is not in the report is skipped.
#[derive(ToSchema)]
pub(crate) struct KubernetesInventoryContainer {
    #[schema(pattern = r"^[^\x00]*$")]
    id: String,
    #[schema(pattern = r"^[^\x00]*$")]
    name: String,
    /// Not blank.
    #[schema(pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    image_tag: String,
    #[schema(nullable = false, pattern = r"^[^\x00]*$")]
    image_digest: Option<String>,
    #[schema(pattern = r"^[^\x00]*$")]
    pod_uid: String,
}

/// What runs in an ECS cluster.
#[derive(ToSchema)]
#[schema(as = ECSInventory)]
pub(crate) struct EcsInventory {
    /// The context. Not blank.
    #[schema(pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    cluster_arn: String,
    /// When it was so.
    #[schema(format = DateTime)]
    timestamp: String,
    containers: Option<Vec<EcsInventoryContainer>>,
    tasks: Option<Vec<EcsInventoryTask>>,
    services: Option<Vec<EcsInventoryService>>,
}

/// A container.
#[derive(ToSchema)]
#[schema(as = ECSInventoryContainer)]
pub(crate) struct EcsInventoryContainer {
    #[schema(pattern = r"^[^\x00]*$")]
    arn: String,
    /// Not blank.
    #[schema(pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    image_tag: String,
    #[schema(nullable = false, pattern = r"^[^\x00]*$")]
    image_digest: Option<String>,
    #[schema(nullable = false, pattern = r"^[^\x00]*$")]
    task_arn: Option<String>,
}

/// A task.
#[derive(ToSchema)]
#[schema(as = ECSInventoryTask)]
pub(crate) struct EcsInventoryTask {
    #[schema(pattern = r"^[^\x00]*$")]
    arn: String,
    #[schema(nullable = false, pattern = r"^[^\x00]*$")]
    service_arn: Option<String>,
    #[schema(nullable = false)]
    task_definition_arn: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

/// A service.
#[derive(ToSchema)]
#[schema(as = ECSInventoryService)]
pub(crate) struct EcsInventoryService {
    #[schema(pattern = r"^[^\x00]*$")]
    arn: String,
    tags: Option<BTreeMap<String, String>>,
}
