//! What Keepset's parts say to each other: rows, keys, times, outcomes.
