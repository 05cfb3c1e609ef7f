//! Reading settings one by one, collecting what is wrong.

use super::source::Source;
use std::collections::HashSet;

/// A setting, as `twobot config` shows it.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) default: String,
    /// The present value, or what stands for it where it is a secret.
    pub(crate) shown: String,
    pub(crate) is_set: bool,
}

/// What a setting is.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    /// What is in force when it is not set, in words or as a value.
    pub(crate) default: String,
    pub(crate) secret: bool,
}

/// Reads settings and remembers them, so that they can be listed.
pub(crate) struct Reader<'a> {
    source: &'a Source,
    settings: Vec<Setting>,
    wrong: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(source: &'a Source) -> Self {
        Self { source, settings: Vec::new(), wrong: Vec::new() }
    }

    /// A setting that may be left out. A value that `parse` refuses counts as left out, and is told.
    pub(super) fn optional<T>(
        &mut self,
        spec: Spec,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.source.get(spec.name);
        let shown = match value {
            None => String::new(),
            Some(_) if spec.secret => "(set, not shown)".to_owned(),
            Some(value) => super::without_password(value),
        };
        let Spec { name, doc, default, .. } = spec;
        self.settings.push(Setting { name, doc, default, shown, is_set: value.is_some() });
        match parse(value?) {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.wrong.push(format!("{name}: {reason}"));
                None
            }
        }
    }

    /// A setting with a default, given as the text that an operator would write.
    pub(super) fn with_default<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let spec = Spec { name, doc, default: default.to_owned(), secret: false };
        let fallback = parse(default);
        match (self.optional(spec, &parse), fallback) {
            (Some(value), _) | (None, Ok(value)) => value,
            // A default that does not parse is a mistake in this program, which the tests of `Settings` find.
            (None, Err(reason)) => unreachable!("the default of {name} is wrong: {reason}"),
        }
    }

    /// What is wrong so far.
    pub(super) fn wrong(&self) -> Vec<String> {
        self.wrong.clone()
    }

    /// Our own variables that nobody has read: typing errors, or settings of another version. They are told and do no harm, so that
    /// one environment can serve two versions during an upgrade.
    pub(super) fn unknown(&self) -> Vec<String> {
        let known: HashSet<&str> = self.settings.iter().map(|setting| setting.name).collect();
        let ours = self.source.ours();
        ours.filter(|name| !known.contains(name) && *name != "TWOBOT_CONFIG").map(str::to_owned).collect()
    }

    pub(super) fn into_settings(self) -> Vec<Setting> {
        self.settings
    }
}
