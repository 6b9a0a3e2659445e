//! What the docs say of the values that nobody sets is what they are.

use std::fs;

use crate::process::ROOT;

/// A structure with public fields and `pub const DEFAULT`: its name, fields with their docs, and the default values.
struct Settings {
    fields: Vec<(String, String)>,
    defaults: Vec<(String, String)>,
}

impl Settings {
    fn read(source: &str, name: &str) -> Self {
        let (_, rest) = source.split_once(&format!("pub struct {name} {{\n")).expect("the structure");
        let (structure, rest) = rest.split_once("\n}\n").expect("its end");
        let (mut fields, mut docs) = (Vec::new(), String::new());
        for line in structure.lines().map(str::trim) {
            if let Some(doc) = line.strip_prefix("///") {
                docs.push_str(doc);
                docs.push('\n');
            } else if let Some((field, _)) = line.strip_prefix("pub ").and_then(|line| line.split_once(':')) {
                fields.push((field.to_owned(), core::mem::take(&mut docs)));
            }
        }
        let (_, rest) = rest.split_once("pub const DEFAULT: Self = Self {\n").expect("the default values");
        let (values, _) = rest.split_once("\n    };").expect("their end");
        let defaults = values.lines().map(|line| {
            let (field, value) = line.trim().split_once(": ").expect("one field in each line");
            (field.to_owned(), value.trim_end_matches(',').to_owned())
        });
        Self { fields, defaults: defaults.collect() }
    }

    /// The fields whose docs do not say their value.
    fn silent(&self) -> Vec<&str> {
        let says = |(field, docs): &&(String, String)| {
            let value = self.defaults.iter().find_map(|(name, value)| (name == field).then_some(value));
            value.is_some_and(|value| docs.lines().any(|line| line.trim() == format!("Default: `{value}`.")))
        };
        self.fields.iter().filter(|field| !says(field)).map(|(field, _)| field.as_str()).collect()
    }
}

#[test]
fn the_docs_of_each_setting_say_its_default() {
    for (path, name, least) in [
        ("core/src/http/limits.rs", "Limits", 14),
        ("adapters/client/src/timeouts.rs", "Timeouts", 10),
        ("core/src/websocket/handshake/deflate.rs", "DeflateSupport", 5),
        ("adapters/server/src/config.rs", "Config", 6),
    ] {
        let source = fs::read_to_string(format!("{ROOT}/{path}")).expect("a source");
        let settings = Settings::read(&source, name);
        assert!(settings.fields.len() >= least && settings.fields.len() == settings.defaults.len(), "{path}");
        assert_eq!(
            settings.silent(),
            [""; 0],
            "{path}: say 'Default: `VALUE`.' in a line of its own, with the value of DEFAULT"
        );
    }
}

#[test]
fn a_default_that_is_missing_or_another_is_found() {
    let source = "pub struct Some {
    /// What.
    ///
    /// Default: `1`.
    pub right: u8,
    /// Default: `1`.
    pub wrong: u8,
    /// What.
    pub silent: u8,
}
    pub const DEFAULT: Self = Self {
        right: 1,
        wrong: 2,
        silent: 3,
    };";
    assert_eq!(Settings::read(source, "Some").silent(), ["wrong", "silent"]);
}
