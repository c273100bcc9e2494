//! Comparing bytes. What compiler-builtins brings along for WebAssembly takes them one by one; texts are most of what a report
//! consists of, and comparing them was a quarter of reading it.

/// C's `memcmp`, which the compiler calls to compare slices and texts.
///
/// # Safety
/// As of C's: both point to as many bytes that can be read.
#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "the compiler calls it by this name, with pointers")]
#[unsafe(no_mangle)]
#[inline(never)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, len: usize) -> i32 {
    if len == 0 {
        return 0;
    }
    // SAFETY: the contract of this function.
    let (left, right) =
        unsafe { (std::slice::from_raw_parts(left, len), std::slice::from_raw_parts(right, len)) };
    compare(left, right)
}

/// Which of two texts of one length comes first: below 0 the left one. Eight bytes at a time.
fn compare(left: &[u8], right: &[u8]) -> i32 {
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

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn bytes_are_compared_as_slices_are_wherever_they_differ() {
        for len in 0..40 {
            let text = vec![0x7F_u8; len];
            assert_eq!(compare(&text, &text), 0);
            for place in 0..len {
                for byte in [0, 0x7E, 0x80, 0xFF] {
                    let mut other = vec![0x7F; place];
                    other.push(byte);
                    // What comes behind the first difference says the opposite.
                    other.resize(len, if byte < 0x7F { 0xFF } else { 0 });
                    assert_eq!(compare(&text, &other).cmp(&0), text.cmp(&other), "{len} {place} {byte}");
                    assert_eq!(compare(&other, &text).cmp(&0), other.cmp(&text), "{len} {place} {byte}");
                }
            }
        }
    }
}
