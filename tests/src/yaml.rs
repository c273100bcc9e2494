//! Fixtures, scenarios and histories as YAML, by way of JSON: rows and reports are JSON documents.

use serde_json::Value;

/// The document in a YAML text. Words such as `y` and `no` are texts, as YAML 1.2 has it, and so are `1_000` and `007`: a
/// label or a name may well be one.
///
/// # Errors
/// If it is none; the message says where.
pub fn read(text: &str) -> Result<Value, String> {
    // What is JSON is read as such: exported histories are, and may be large.
    if let Ok(json) = serde_json::from_str(text) {
        return Ok(json);
    }
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // Histories of months have millions of values, and one time may be that of all rows. How much aliases may make of a
        // small file stays limited.
        budget: serde_saphyr::budget! {
            max_events: 200_000_000,
            max_nodes: 100_000_000,
            max_total_scalar_bytes: 2 << 30,
            max_depth: 128,
            enforce_alias_anchor_ratio: false,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
}
