//! Columns as typed arrays.

use js_sys::{Float64Array, Uint8Array, Uint32Array};

/// `i64::MAX`, which stands for never, is `NaN`; other times are exact, for they are below 2^53.
#[expect(clippy::cast_precision_loss, reason = "times have at most twelve digits")]
pub(crate) fn time(seconds: i64) -> f64 {
    if seconds == i64::MAX { f64::NAN } else { seconds as f64 }
}

pub(crate) fn times(seconds: impl Iterator<Item = i64>) -> Float64Array {
    let times: Vec<f64> = seconds.map(time).collect();
    Float64Array::from(times.as_slice())
}

pub(crate) fn numbers(numbers: &[u32]) -> Uint32Array {
    Uint32Array::from(numbers)
}

pub(crate) fn bytes(bytes: &[u8]) -> Uint8Array {
    Uint8Array::from(bytes)
}

/// Texts one behind the other, in UTF-8, and where each begins, with the end of the last one at the end.
pub(crate) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> (Uint8Array, Uint32Array) {
    let (mut all, mut offsets) = (Vec::new(), vec![0]);
    for text in texts {
        all.extend_from_slice(text.as_bytes());
        offsets.push(u32::try_from(all.len()).unwrap_or(u32::MAX));
    }
    (bytes(&all), numbers(&offsets))
}
