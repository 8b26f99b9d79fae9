//! Names of settings in `current_setting('…')`.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::span::Span;
use crate::types::settings;

impl Binder<'_> {
    /// Reports a setting that neither the engine nor an extension has.
    pub(super) fn check_setting(&mut self, name: &str, place: Span) {
        if settings::exists(name) {
            return;
        }
        let message = format!("the engine has no setting `{name}`");
        let finding = Diagnostic::error(Code::InvalidConstant, place, message);
        self.report(match nearest(name, settings::names()) {
            Some(similar) => finding.hint(format!("did you mean `{similar}`?")),
            None => finding,
        });
    }
}
