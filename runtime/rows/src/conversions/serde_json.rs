//! `serde_json`: the parsed document. Numbers beyond 64 bits become floating
//! point there, spaces and repeated keys are gone; the text in [`Json`] has
//! them all.

use ::serde_json::Value as Document;

use crate::Json;
use crate::parse_error::ParseError;

impl TryFrom<&Json> for Document {
    type Error = ParseError;

    fn try_from(json: &Json) -> Result<Self, ParseError> {
        ::serde_json::from_str(json).map_err(|_| ParseError::new("JSON", json.0.clone()))
    }
}

impl From<&Document> for Json {
    fn from(document: &Document) -> Self {
        Self(document.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_or_refused() {
        let json = Json(r#"{"a":[1,null]}"#.to_string());
        let document = Document::try_from(&json).unwrap();
        assert_eq!(document["a"][0], 1);
        assert_eq!(Json::from(&document), json);
        assert!(Document::try_from(&Json("{".to_string())).is_err());
    }
}
