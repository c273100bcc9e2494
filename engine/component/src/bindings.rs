//! What wit-bindgen makes of the WIT.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::allow_attributes_without_reason,
    reason = "generated code that speaks the canonical ABI"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "retention-plugin",
    pub_export_macro: true,
});

use crate::Plugin;

export!(Plugin with_types_in self);
