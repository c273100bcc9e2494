//! What runs in ECS, list by list.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use keepset_types::{InventoryType, ItemKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::lists::{Item, Listed, page};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Paging, Params};
use crate::roles::ListRuntimeInventories;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ECSContainer)]
pub(crate) struct EcsContainer {
    arn: String,
    task_arn: String,
    account_name: String,
    context: String,
    image_tag: String,
    image_digest: String,
}

impl Item for EcsContainer {
    const INVENTORY_TYPE: InventoryType = InventoryType::Ecs;
    const KIND: ItemKind = ItemKind::Container;

    fn of(Listed { account, context, id, carried, .. }: Listed<'_>) -> Self {
        Self {
            arn: id,
            task_arn: carried.task_arn,
            account_name: account.to_owned(),
            context,
            image_tag: carried.image_tag,
            image_digest: carried.image_digest,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ECSTask)]
pub(crate) struct EcsTask {
    arn: String,
    cluster_arn: String,
    service_arn: String,
    task_definition_arn: String,
    tags: BTreeMap<String, String>,
    account_name: String,
}

impl Item for EcsTask {
    const INVENTORY_TYPE: InventoryType = InventoryType::Ecs;
    const KIND: ItemKind = ItemKind::Task;

    fn of(Listed { account, context, id, carried, .. }: Listed<'_>) -> Self {
        Self {
            arn: id,
            cluster_arn: context,
            service_arn: carried.service_arn,
            task_definition_arn: carried.task_definition_arn,
            tags: carried.tags,
            account_name: account.to_owned(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ECSService)]
pub(crate) struct EcsService {
    arn: String,
    cluster_arn: String,
    tags: BTreeMap<String, String>,
    account_name: String,
}

impl Item for EcsService {
    const INVENTORY_TYPE: InventoryType = InventoryType::Ecs;
    const KIND: ItemKind = ItemKind::Service;

    fn of(Listed { account, context, id, carried, .. }: Listed<'_>) -> Self {
        Self { arn: id, cluster_arn: context, tags: carried.tags, account_name: account.to_owned() }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ECSContainers)]
pub(crate) struct EcsContainers {
    containers: Vec<EcsContainer>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ECSTasks)]
pub(crate) struct EcsTasks {
    tasks: Vec<EcsTask>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ECSServices)]
pub(crate) struct EcsServices {
    services: Vec<EcsService>,
}

/// List containers
#[utoipa::path(
    get, path = "/v2/ecs-containers", operation_id = "get_ecs_containers", tag = "ecs",
    params(Paging),
    responses(
        (status = 200, description = "A page; behind the last one it is empty", body = EcsContainers),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn containers(
    State(gateway): State<Gateway>,
    reader: Allowed<ListRuntimeInventories>,
    arrival: Arrival,
    Params(paging): Params<Paging>,
) -> Result<Json<EcsContainers>, ApiError> {
    let containers = page(&gateway, &reader, &arrival, paging).await?;
    Ok(Json(EcsContainers { containers }))
}

/// List tasks
#[utoipa::path(
    get, path = "/v2/ecs-tasks", operation_id = "get_ecs_tasks", tag = "ecs",
    params(Paging),
    responses(
        (status = 200, description = "A page; behind the last one it is empty", body = EcsTasks),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn tasks(
    State(gateway): State<Gateway>,
    reader: Allowed<ListRuntimeInventories>,
    arrival: Arrival,
    Params(paging): Params<Paging>,
) -> Result<Json<EcsTasks>, ApiError> {
    Ok(Json(EcsTasks { tasks: page(&gateway, &reader, &arrival, paging).await? }))
}

/// List services
#[utoipa::path(
    get, path = "/v2/ecs-services", operation_id = "get_ecs_services", tag = "ecs",
    params(Paging),
    responses(
        (status = 200, description = "A page; behind the last one it is empty", body = EcsServices),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn services(
    State(gateway): State<Gateway>,
    reader: Allowed<ListRuntimeInventories>,
    arrival: Arrival,
    Params(paging): Params<Paging>,
) -> Result<Json<EcsServices>, ApiError> {
    Ok(Json(EcsServices { services: page(&gateway, &reader, &arrival, paging).await? }))
}
