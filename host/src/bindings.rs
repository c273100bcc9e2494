//! What wasmtime makes of the WIT.
#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "retention-plugin",
    ownership: Borrowing { duplicate_if_necessary: true },
});

pub use self::exports::keepset::retention::{bulk, policy, reports, session, types};
