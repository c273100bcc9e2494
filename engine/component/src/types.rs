//! Between the WIT's words and the engine's.

use keepset_types as ours;

use crate::bindings::exports::keepset::retention::types as wit;

impl From<ours::Error> for wit::Error {
    fn from(error: ours::Error) -> Self {
        let code = match error.code {
            ours::ErrorCode::InvalidReport => wit::ErrorCode::InvalidReport,
            ours::ErrorCode::InvalidConfig => wit::ErrorCode::InvalidConfig,
            ours::ErrorCode::InvalidRequest => wit::ErrorCode::InvalidRequest,
            ours::ErrorCode::NotFound => wit::ErrorCode::NotFound,
            ours::ErrorCode::InvalidInventory => wit::ErrorCode::InvalidInventory,
        };
        Self { code, message: error.message, pointer: error.pointer }
    }
}

impl From<wit::Config> for ours::Config {
    fn from(config: wit::Config) -> Self {
        Self {
            image_ttl_days: config.image_ttl_days,
            image_ingest_overwrite: config.image_ingest_overwrite,
            ecs_truncation_guard: config.ecs_truncation_guard,
        }
    }
}

impl From<ours::Config> for wit::Config {
    fn from(config: ours::Config) -> Self {
        Self {
            image_ttl_days: config.image_ttl_days,
            image_ingest_overwrite: config.image_ingest_overwrite,
            ecs_truncation_guard: config.ecs_truncation_guard,
        }
    }
}

impl From<wit::InventoryType> for ours::InventoryType {
    fn from(inventory_type: wit::InventoryType) -> Self {
        match inventory_type {
            wit::InventoryType::Ecs => Self::Ecs,
            wit::InventoryType::Kubernetes => Self::Kubernetes,
        }
    }
}

impl From<ours::InventoryType> for wit::InventoryType {
    fn from(inventory_type: ours::InventoryType) -> Self {
        match inventory_type {
            ours::InventoryType::Ecs => Self::Ecs,
            ours::InventoryType::Kubernetes => Self::Kubernetes,
        }
    }
}

impl From<wit::ItemKind> for ours::ItemKind {
    fn from(kind: wit::ItemKind) -> Self {
        match kind {
            wit::ItemKind::Cluster => Self::Cluster,
            wit::ItemKind::Container => Self::Container,
            wit::ItemKind::Image => Self::Image,
            wit::ItemKind::Namespace => Self::Namespace,
            wit::ItemKind::Node => Self::Node,
            wit::ItemKind::Pod => Self::Pod,
            wit::ItemKind::Service => Self::Service,
            wit::ItemKind::Task => Self::Task,
        }
    }
}

impl From<ours::ItemKind> for wit::ItemKind {
    fn from(kind: ours::ItemKind) -> Self {
        match kind {
            ours::ItemKind::Cluster => Self::Cluster,
            ours::ItemKind::Container => Self::Container,
            ours::ItemKind::Image => Self::Image,
            ours::ItemKind::Namespace => Self::Namespace,
            ours::ItemKind::Node => Self::Node,
            ours::ItemKind::Pod => Self::Pod,
            ours::ItemKind::Service => Self::Service,
            ours::ItemKind::Task => Self::Task,
        }
    }
}

impl From<ours::RemovalReason> for wit::RemovalReason {
    fn from(reason: ours::RemovalReason) -> Self {
        match reason {
            ours::RemovalReason::Overwritten => Self::Overwritten,
            ours::RemovalReason::Expired => Self::Expired,
            ours::RemovalReason::Superseded => Self::Superseded,
            ours::RemovalReason::Deleted => Self::Deleted,
        }
    }
}

impl From<ours::WarningCode> for wit::WarningCode {
    fn from(code: ours::WarningCode) -> Self {
        match code {
            ours::WarningCode::ClockAhead => Self::ClockAhead,
            ours::WarningCode::DanglingContainer => Self::DanglingContainer,
            ours::WarningCode::DanglingPod => Self::DanglingPod,
            ours::WarningCode::DuplicateEntry => Self::DuplicateEntry,
            ours::WarningCode::EcsReportPossiblyTruncated => Self::EcsReportPossiblyTruncated,
            ours::WarningCode::InvalidEntry => Self::InvalidEntry,
            ours::WarningCode::NamespaceUidChanged => Self::NamespaceUidChanged,
            ours::WarningCode::OverwriteWithoutTtl => Self::OverwriteWithoutTtl,
            ours::WarningCode::ReportOlderThanTtl => Self::ReportOlderThanTtl,
            ours::WarningCode::StaleReport => Self::StaleReport,
        }
    }
}

/// A time that RFC 3339 can write.
pub(crate) fn timestamp(seconds: wit::Timestamp) -> Result<ours::Timestamp, wit::Error> {
    ours::Timestamp::from_unix(seconds).ok_or_else(|| wit::Error {
        code: wit::ErrorCode::InvalidRequest,
        message: format!("{seconds} s is not a time between the years 0000 and 9999"),
        pointer: None,
    })
}
