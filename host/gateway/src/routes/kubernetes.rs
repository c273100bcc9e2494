//! What runs in Kubernetes, list by list.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use keepset_types::{InventoryType, ItemKind, Timestamp};
use serde::{Deserialize, Serialize};
use tracing::Span;
use utoipa::{IntoParams, ToSchema};

use super::inventories::REMOVED;
use super::lists::{Item, Listed, one, page};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Given, Paging, Params, Segment};
use crate::roles::{DeleteKubernetesNamespaces, ListRuntimeInventories};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesNamespace {
    uid: String,
    name: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
}

impl Item for KubernetesNamespace {
    const INVENTORY_TYPE: InventoryType = InventoryType::Kubernetes;
    const KIND: ItemKind = ItemKind::Namespace;

    fn of(Listed { id, last_seen, carried, .. }: Listed<'_>) -> Self {
        Self {
            uid: carried.uid,
            name: id,
            labels: carried.labels,
            annotations: carried.annotations,
            last_seen,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesNode {
    uid: String,
    name: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
}

impl Item for KubernetesNode {
    const INVENTORY_TYPE: InventoryType = InventoryType::Kubernetes;
    const KIND: ItemKind = ItemKind::Node;

    fn of(Listed { id, last_seen, carried, .. }: Listed<'_>) -> Self {
        Self {
            uid: id,
            name: carried.name,
            labels: carried.labels,
            annotations: carried.annotations,
            last_seen,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesPod {
    id: String,
    name: String,
    account_name: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node_id: Option<String>,
    namespace_id: String,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
}

impl Item for KubernetesPod {
    const INVENTORY_TYPE: InventoryType = InventoryType::Kubernetes;
    const KIND: ItemKind = ItemKind::Pod;

    fn of(Listed { account, id, last_seen, carried, .. }: Listed<'_>) -> Self {
        Self {
            id,
            name: carried.name,
            account_name: account.to_owned(),
            labels: carried.labels,
            annotations: carried.annotations,
            node_id: carried.node_uid,
            namespace_id: carried.namespace_uid,
            last_seen,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesContainer {
    id: String,
    name: String,
    pod_id: String,
    account_name: String,
    context: String,
    image_tag: String,
    image_digest: String,
}

impl Item for KubernetesContainer {
    const INVENTORY_TYPE: InventoryType = InventoryType::Kubernetes;
    const KIND: ItemKind = ItemKind::Container;

    fn of(Listed { account, context, id, carried, .. }: Listed<'_>) -> Self {
        Self {
            id,
            name: carried.name,
            pod_id: carried.pod_uid,
            account_name: account.to_owned(),
            context,
            image_tag: carried.image_tag,
            image_digest: carried.image_digest,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesNamespaces {
    namespaces: Vec<KubernetesNamespace>,
}

/// Under `namespaces` as the published schema has it, and under the key that was meant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesNodes {
    namespaces: Vec<KubernetesNode>,
    nodes: Vec<KubernetesNode>,
}

/// Under `namespaces` as the published schema has it, and under the key that was meant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesPods {
    namespaces: Vec<KubernetesPod>,
    pods: Vec<KubernetesPod>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesContainers {
    containers: Vec<KubernetesContainer>,
}

type Reader = Allowed<ListRuntimeInventories>;
type Answer<T> = Result<Json<T>, ApiError>;

/// List namespaces
#[utoipa::path(
    get, path = "/v2/kubernetes-namespaces", operation_id = "get_kubernetes_namespaces", tag = "kubernetes",
    params(Paging),
    responses(
        (status = 200, description = "A page; behind the last one it is empty", body = KubernetesNamespaces),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn namespaces(
    State(gateway): State<Gateway>,
    reader: Reader,
    arrival: Arrival,
    Params(paging): Params<Paging>,
) -> Answer<KubernetesNamespaces> {
    let namespaces = page(&gateway, &reader, &arrival, paging).await?;
    Ok(Json(KubernetesNamespaces { namespaces }))
}

/// Get a namespace by its uid
#[utoipa::path(
    get, path = "/v2/kubernetes-namespaces/{namespace_id}", operation_id = "get_kubernetes_namespace", tag = "kubernetes",
    params(("namespace_id" = String, Path, description = "Its uid")),
    responses(
        (status = 200, description = "The namespace", body = KubernetesNamespace),
        (status = 404, description = "There is none"),
    ),
)]
pub(super) async fn namespace(
    State(gateway): State<Gateway>,
    reader: Reader,
    arrival: Arrival,
    Segment(id): Segment,
) -> Answer<KubernetesNamespace> {
    Ok(Json(one(&gateway, &reader, &arrival, &id).await?))
}

/// List nodes
#[utoipa::path(
    get, path = "/v2/kubernetes-nodes", operation_id = "get_kubernetes_nodes", tag = "kubernetes",
    params(Paging),
    responses(
        (status = 200, description = "A page; behind the last one it is empty", body = KubernetesNodes),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn nodes(
    State(gateway): State<Gateway>,
    reader: Reader,
    arrival: Arrival,
    Params(paging): Params<Paging>,
) -> Answer<KubernetesNodes> {
    let nodes: Vec<KubernetesNode> = page(&gateway, &reader, &arrival, paging).await?;
    Ok(Json(KubernetesNodes { namespaces: nodes.clone(), nodes }))
}

/// Get a node by its uid
#[utoipa::path(
    get, path = "/v2/kubernetes-nodes/{node_id}", operation_id = "get_kubernetes_node", tag = "kubernetes",
    params(("node_id" = String, Path, description = "Its uid")),
    responses(
        (status = 200, description = "The node", body = KubernetesNode),
        (status = 404, description = "There is none"),
    ),
)]
pub(super) async fn node(
    State(gateway): State<Gateway>,
    reader: Reader,
    arrival: Arrival,
    Segment(id): Segment,
) -> Answer<KubernetesNode> {
    Ok(Json(one(&gateway, &reader, &arrival, &id).await?))
}

/// List pods
#[utoipa::path(
    get, path = "/v2/kubernetes-pods", operation_id = "get_kubernetes_pods", tag = "kubernetes",
    params(Paging),
    responses(
        (status = 200, description = "A page; behind the last one it is empty", body = KubernetesPods),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn pods(
    State(gateway): State<Gateway>,
    reader: Reader,
    arrival: Arrival,
    Params(paging): Params<Paging>,
) -> Answer<KubernetesPods> {
    let pods: Vec<KubernetesPod> = page(&gateway, &reader, &arrival, paging).await?;
    Ok(Json(KubernetesPods { namespaces: pods.clone(), pods }))
}

/// Get a pod by its uid
#[utoipa::path(
    get, path = "/v2/kubernetes-pods/{pod_id}", operation_id = "get_kubernetes_pod", tag = "kubernetes",
    params(("pod_id" = String, Path, description = "Its uid")),
    responses(
        (status = 200, description = "The pod", body = KubernetesPod),
        (status = 404, description = "There is none"),
    ),
)]
pub(super) async fn pod(
    State(gateway): State<Gateway>,
    reader: Reader,
    arrival: Arrival,
    Segment(id): Segment,
) -> Answer<KubernetesPod> {
    Ok(Json(one(&gateway, &reader, &arrival, &id).await?))
}

/// List containers
#[utoipa::path(
    get, path = "/v2/kubernetes-containers", operation_id = "get_kubernetes_containers", tag = "kubernetes",
    params(Paging),
    responses(
        (status = 200, description = "A page; behind the last one it is empty", body = KubernetesContainers),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn containers(
    State(gateway): State<Gateway>,
    reader: Reader,
    arrival: Arrival,
    Params(paging): Params<Paging>,
) -> Answer<KubernetesContainers> {
    let containers = page(&gateway, &reader, &arrival, paging).await?;
    Ok(Json(KubernetesContainers { containers }))
}

/// Which cluster.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Cluster {
    /// None: all of them.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    cluster_name: Option<Given>,
}

/// Delete a cluster, or all clusters, with namespaces, nodes and all that runs there
#[utoipa::path(
    delete, path = "/v2/kubernetes-namespaces", operation_id = "delete_kubernetes_namespaces", tag = "kubernetes",
    params(Cluster),
    responses(
        (status = 204, description = "It is gone, or was not there", headers(
            ("keepset-removed" = u64, description = "How many rows went"),
        )),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn delete(
    State(gateway): State<Gateway>,
    allowed: Allowed<DeleteKubernetesNamespaces>,
    arrival: Arrival,
    Params(cluster): Params<Cluster>,
) -> Result<(StatusCode, [(HeaderName, String); 1]), ApiError> {
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let cluster = cluster.cluster_name.map(Given::into_string);
    let (now, id) = (arrival.now, &*arrival.id);
    let removing = gateway.store().remove_cluster(&allowed.account, cluster.as_deref(), now, id);
    let removed = gateway.metrics().store("remove_cluster", removing).await?;
    gateway.metrics().removed(&removed);
    if let Some(cluster) = &cluster {
        Span::current().record("cluster", cluster);
    }
    tracing::info!(removed = removed.len(), "cluster deleted");
    Ok((StatusCode::NO_CONTENT, [(REMOVED, removed.len().to_string())]))
}
