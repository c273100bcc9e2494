//! Comparing bytes. What compiler-builtins brings along for WebAssembly takes them one by one; texts are most of what a report
//! consists of, and comparing them was a quarter of reading it.

use std::slice;

/// C's `memcmp`, which the compiler calls to compare slices and texts: eight bytes at a time.
///
/// # Safety
/// As of C's: both point to as many bytes that can be read.
#[expect(unsafe_code, reason = "the compiler calls it by this name, with pointers")]
#[unsafe(no_mangle)]
#[inline(never)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, len: usize) -> i32 {
    if len == 0 {
        return 0;
    }
    // SAFETY: the contract of this function.
    let (left, right) = unsafe { (slice::from_raw_parts(left, len), slice::from_raw_parts(right, len)) };
    let ((words, rest), (other_words, other_rest)) = (left.as_chunks(), right.as_chunks());
    for (word, other) in words.iter().zip(other_words) {
        let (word, other) = (u64::from_be_bytes(*word), u64::from_be_bytes(*other));
        if word != other {
            return if word < other { -1 } else { 1 };
        }
    }
    for (byte, other) in rest.iter().zip(other_rest) {
        if byte != other {
            return i32::from(*byte) - i32::from(*other);
        }
    }
    0
}
