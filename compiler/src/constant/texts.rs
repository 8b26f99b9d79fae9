//! Texts as values that are written in digits of their own: blobs, bits, identifiers, JSON.
//!
//! Source: `Blob::TryGetBlobSize`, `Bit::TryGetBitStringSize`, `BaseUUID::FromString` and the JSON
//! reader of DuckDB 1.5.5.

/// Whether a text is a blob: plain letters, and `\x` with two digits.
pub(super) fn is_blob(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'\\' => {
                let escape = bytes.get(place + 1..place + 4);
                let fits = escape.is_some_and(|escape| {
                    escape[0] == b'x' && escape[1..].iter().all(u8::is_ascii_hexdigit)
                });
                if !fits {
                    return false;
                }
                place += 4;
            }
            byte if byte.is_ascii() => place += 1,
            _ => return false,
        }
    }
    true
}

/// Whether a text is a string of bits.
pub(super) fn is_bits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'0' || byte == b'1')
}

/// Whether a text is an identifier: 32 hexadecimal digits with hyphens wherever they like.
pub(super) fn is_uuid(text: &str) -> bool {
    let inner = match text.strip_prefix('{') {
        Some(rest) => match rest.strip_suffix('}') {
            Some(inner) => inner,
            None => return false,
        },
        None => text,
    };
    let digits = || inner.bytes().filter(|byte| *byte != b'-');
    digits().count() == 32 && digits().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is JSON; `None` where the engine is more generous than the standard.
pub(super) fn is_json(text: &str) -> Option<bool> {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return Some(true);
    }
    // Infinities, and much that is written loosely, some readers take.
    let loose = ["inf", "nan", "//", "/*", ",]", ",}", ", ]", ", }"];
    let lower = text.to_lowercase();
    let depth = text.chars().filter(|c| matches!(c, '[' | '{')).count();
    let doubtful = depth > 100
        || loose.iter().any(|part| lower.contains(part))
        || text.chars().any(|c| c.is_control() || !c.is_ascii());
    (!doubtful).then_some(false)
}
