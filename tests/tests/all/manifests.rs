//! What registries and docs.rs want to know of the packages that may be published, and what the gate says of itself.

use alloc::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::process::ROOT;

/// The packages of the workspace.
fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(ROOT);
    let metadata: Value = serde_json::from_slice(&cargo.output().expect("cargo runs").stdout).expect("its metadata");
    metadata["packages"].as_array().expect("packages").clone()
}

fn is_published(package: &Value) -> bool {
    package["publish"].is_null()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|word| word.as_str().expect("a word")).collect()
}

#[test]
fn published_packages_say_what_registries_ask() {
    let packages = packages();
    let published: Vec<_> = packages.iter().filter(|package| is_published(package)).collect();
    assert!(published.len() >= 6, "{}", published.len());
    for package in published {
        let name = package["name"].as_str().expect("a name");
        assert!(package["description"].as_str().is_some_and(|text| text.len() > 30), "{name}: description");
        assert_eq!(package["license"], "MIT OR Apache-2.0", "{name}");
        assert!(package["rust_version"].is_string(), "{name}: rust-version");
        let folder = package["manifest_path"].as_str().expect("a path").trim_end_matches("Cargo.toml");
        let readme = package["readme"].as_str().unwrap_or_else(|| panic!("{name}: readme"));
        assert!(fs::exists(format!("{folder}{readme}")).is_ok_and(|is_there| is_there), "{name}: {readme}");
        // The rules of crates.io.
        let (keywords, categories) = (words(&package["keywords"]), words(&package["categories"]));
        assert!((1..=5).contains(&keywords.len()) && (1..=5).contains(&categories.len()), "{name}");
        let may_be_in_keyword = |c: char| c.is_ascii_alphanumeric() || "_-+".contains(c);
        let is_keyword = |word: &&str| {
            word.len() <= 20
                && word.starts_with(|c: char| c.is_ascii_alphanumeric())
                && word.chars().all(may_be_in_keyword)
        };
        assert!(keywords.iter().all(is_keyword), "{name}: {keywords:?}");
        let docs = &package["metadata"]["docs"]["rs"];
        assert!(docs.is_object(), "{name}: [package.metadata.docs.rs]");
        // What is behind a feature would not be on the pages.
        let has_features = package["features"].as_object().is_some_and(|features| !features.is_empty());
        assert!(!has_features || docs["all-features"] == true, "{name}: all-features for docs.rs");
    }
}

/// A package on a registry has its dependencies from there, too.
#[test]
fn published_packages_depend_on_published_ones_by_version() {
    let packages = packages();
    let names: BTreeSet<_> =
        packages.iter().filter(|package| is_published(package)).map(|package| package["name"].to_string()).collect();
    for package in packages.iter().filter(|package| is_published(package)) {
        let dependencies = package["dependencies"].as_array().expect("a list");
        for dependency in dependencies.iter().filter(|dependency| dependency["kind"] != "dev") {
            let (name, version) = (dependency["name"].to_string(), &dependency["req"]);
            assert!(version != "*", "{} depends on any {name}", package["name"]);
            assert!(dependency["path"].is_null() || names.contains(&name), "{} depends on {name}", package["name"]);
        }
    }
}

/// The steps that the gate has, runs and tells are the same.
#[test]
fn the_gate_tells_its_steps() {
    let script = fs::read_to_string(format!("{ROOT}/.ci/run")).expect("the gate");
    let has: BTreeSet<_> = script.lines().filter_map(|line| line.strip_prefix("step_")?.strip_suffix("() {")).collect();
    let (_, runs) = script.split_once("readonly STEPS=(").expect("its steps");
    let runs: Vec<_> = runs.split_once(')').expect("their end").0.split(' ').collect();
    let help = Command::new(format!("{ROOT}/.ci/run")).arg("--help").output().expect("bash");
    let help = String::from_utf8(help.stdout).expect("a text");
    let (_, lines) = help.split_once("\n\n    ").expect("a list");
    let tells: Vec<_> = lines.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(tells, runs, "--help and STEPS");
    assert_eq!(has, runs.into_iter().collect(), "the functions and STEPS");
}

/// The gate builds from their archives what may be published.
#[test]
fn the_gate_packages_what_may_be_published() {
    let script = fs::read_to_string(format!("{ROOT}/.ci/run")).expect("the gate");
    let (_, list) = script.split_once("readonly PUBLISHED=(").expect("its packages");
    let list: BTreeSet<_> = list.split_once(')').expect("their end").0.split(' ').map(str::to_owned).collect();
    let packages = packages();
    let published = packages.iter().filter(|package| is_published(package));
    assert_eq!(list, published.map(|package| package["name"].as_str().expect("a name").to_owned()).collect());
}
