//! Addresses of servers that may hold a password.

use url::Url;

/// The shortest text that is hidden wherever it stands.
const SHORTEST: usize = 3;

/// The passwords in an address, as they are written and as they are meant.
pub(super) fn passwords(address: &str) -> Vec<String> {
    let Some(url) = parsed(address) else {
        return Vec::new();
    };
    let queried = url.query_pairs();
    let queried = queried.filter(|(key, _)| key == "password");
    let mut passwords: Vec<String> = queried.map(|(_, value)| value.into_owned()).collect();
    if let Some(written) = url.password() {
        passwords.extend([written.to_owned(), decoded(written)]);
    }
    passwords.retain(|password| password.len() >= SHORTEST);
    passwords
}

/// An address as it may be shown. What is none stays as it is.
pub(super) fn without_password(address: &str) -> String {
    let Some(mut url) = parsed(address) else {
        return address.to_owned();
    };
    let is_queried = url.query_pairs().any(|(key, _)| key == "password");
    if url.password().is_none() && !is_queried {
        return address.to_owned();
    }
    // It fails only for addresses that can't have a password.
    let _ = url.set_password(None);
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != "password")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    url.into()
}

fn parsed(address: &str) -> Option<Url> {
    let is_address = address.contains("://");
    is_address.then(|| Url::parse(address).ok()).flatten()
}

/// A text without its percent signs, as a server may repeat it.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| str::from_utf8(two).ok());
        let code = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (byte, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let plain = "postgres://ana@db:5432/shop?schema=lake";
        assert_eq!(without_password(plain), plain);
        assert!(passwords(plain).is_empty());
        let secret = "postgres://ana:pa%20ss@db/shop?password=other&schema=lake";
        let shown = without_password(secret);
        assert_eq!(shown, "postgres://ana@db/shop?schema=lake");
        assert_eq!(passwords(secret), ["other", "pa%20ss", "pa ss"]);
        assert_eq!(without_password("${LAKE}"), "${LAKE}");
        assert_eq!(without_password("w.duckdb"), "w.duckdb");
    }
}
