//! What `keepset serve` needs beside the gateway itself.

pub(crate) mod bounds;
pub(crate) mod file;
pub(crate) mod telemetry;
pub(crate) mod tls;
