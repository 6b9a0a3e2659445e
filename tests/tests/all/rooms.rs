//! Who may know whom: what the adapters for Linux name of the core, and that no two of their modules need each other.

use alloc::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::process::ROOT;

/// The sources of a package by their module at the top; of each the code, without comments.
fn modules(package: &str) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    let root = format!("{ROOT}/{package}/src");
    for entry in fs::read_dir(&root).unwrap_or_else(|error| panic!("{root}: {error}")) {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if name != "lib" {
            // A file, and perhaps a folder beside it.
            modules.entry(name).or_insert_with(String::new).push_str(&code(&path));
        }
    }
    modules
}

fn code(path: &Path) -> String {
    if path.is_dir() {
        return fs::read_dir(path).expect("a folder").map(|entry| code(&entry.expect("an entry").path())).collect();
    }
    let source = fs::read_to_string(path).expect("a source");
    source.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// The words that stand directly behind a path's beginning: `crate::` or `wirenut::`.
fn named<'c>(code: &'c str, beginning: &str) -> BTreeSet<&'c str> {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let parts = code.match_indices(beginning).filter(|(at, _)| !code[..*at].ends_with(is_of_word));
    let behind = parts.map(|(at, _)| &code[at + beginning.len()..]);
    behind.map(|rest| rest.split(|c| !is_of_word(c)).next().unwrap_or_default()).collect()
}

#[test]
fn the_operating_system_knows_no_protocol() {
    let allowed = BTreeSet::from(["readiness", "tcp", "time", "transport"]);
    for (module, code) in modules("adapters/linux") {
        let named = named(&code, "wirenut::");
        assert!(named.is_subset(&allowed), "{module} of adapters/linux names {named:?} of the core");
    }
}

#[test]
fn no_two_modules_need_each_other() {
    for package in ["adapters/client", "adapters/linux", "adapters/server", "adapters/tls"] {
        let modules = modules(package);
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (module, code) in &modules {
            let named = named(code, "crate::");
            // A group would hide what is in it.
            assert!(!named.contains(""), "{package}: {module} imports `crate::{{…}}`: name the leaves");
            let others = named.into_iter().filter(|name| *name != module && modules.contains_key(*name));
            needs.insert(module, others.collect());
        }
        assert!(needs.values().any(|needed| !needed.is_empty()), "{package}: nothing was read");
        let left = circles(needs);
        assert!(left.is_empty(), "{package}: a circle among {left:?}");
    }
}

/// Who needs nobody is taken away, again and again: what is left is a circle, or needs one.
fn circles<'m>(mut needs: BTreeMap<&'m str, BTreeSet<&'m str>>) -> BTreeMap<&'m str, BTreeSet<&'m str>> {
    while let Some(leaf) = needs.iter().find_map(|(module, needed)| needed.is_empty().then_some(*module)) {
        needs.remove(leaf);
        needs.values_mut().for_each(|needed| {
            needed.remove(leaf);
        });
    }
    needs
}

/// A method with a default that what stands in front forgets would be called there and never arrive.
#[test]
fn what_stands_in_front_of_protocols_passes_each_call_on() {
    let front = code(&Path::new(ROOT).join("adapters/server/src/proxied"));
    let traits = ["core/src/transport/protocol.rs", "adapters/server/src/speaker.rs"]
        .map(|path| code(&Path::new(ROOT).join(path)));
    for (text, name, least) in
        [(&traits[0], "pub trait Protocol", 15), (&traits[1], "trait Spoken", 3), (&traits[1], "trait Speaker", 5)]
    {
        let (_, rest) =
            text.split_once(&format!("{name} ")).or(text.split_once(&format!("{name}:"))).expect("the trait");
        let (methods, _) = rest.split_once("\n}").expect("its end");
        let methods: Vec<_> = methods.split("    fn ").skip(1).map(|rest| rest.split(['(', '<']).next()).collect();
        assert!(methods.len() >= least, "{name}: {methods:?}");
        for method in methods.into_iter().flatten() {
            let passes =
                [format!("    fn {method}("), format!("    fn {method}<")].iter().any(|head| front.contains(head));
            assert!(passes, "{name}: {method} is not passed on");
        }
    }
}

#[test]
fn such_a_test_finds_circles_and_what_is_named() {
    let needs = |pairs: &[(&'static str, &[&'static str])]| {
        pairs.iter().map(|(module, needed)| (*module, needed.iter().copied().collect())).collect()
    };
    assert!(circles(needs(&[("server", &["worker", "error"]), ("worker", &["error"]), ("error", &[])])).is_empty());
    let left = circles(needs(&[("error", &["lookup"]), ("lookup", &["error", "sys"]), ("sys", &[])]));
    assert_eq!(left.keys().copied().collect::<Vec<_>>(), ["error", "lookup"]);
    let code = "use crate::error::Error;\nfn f(_: crate::lookup::Failure) {}\nuse wirenut_linux::crates;\n";
    assert_eq!(named(code, "crate::"), BTreeSet::from(["error", "lookup"]));
    assert_eq!(
        named("use wirenut_server::{Config};\nuse wirenut::time::Instant;", "wirenut::"),
        BTreeSet::from(["time"])
    );
}
