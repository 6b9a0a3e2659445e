//! The floors of HTTP: what each part of the core may import, held against the sources.

use alloc::collections::{BTreeMap, BTreeSet};
use std::{fs, path::Path};

use crate::process::ROOT;

/// What is spoken, each in a folder of its own.
const PROTOCOLS: &[&str] = &["framing", "http", "proxy", "websocket"];

/// What several floors share and what depends on none: `http/<name>.rs`.
const LEAVES: &[&str] =
    &["error", "field_filter", "field_name", "flags", "framing", "limits", "method", "status", "version"];

/// Each floor, from the lowest up, and the floors that it may import; leaves it may import anyway.
const FLOORS: &[(&str, &[&str])] = &[
    ("grammar", &[]),
    ("message", &["grammar"]),
    ("value", &["grammar", "message"]),
    ("body", &["grammar", "message"]),
    ("connection", &["grammar", "message", "value", "body"]),
    ("service", &["grammar", "message", "value", "body", "connection"]),
];

/// A module by its path from the root of the crate.
type Module = Vec<String>;

/// All modules that are files of the core, with their text without comments.
fn modules() -> BTreeMap<Module, String> {
    fn read(folder: &Path, module: &[String], found: &mut BTreeMap<Module, String>) {
        for entry in fs::read_dir(folder).expect("a folder of the core") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
            let inner = [module, core::slice::from_ref(&name)].concat();
            if path.is_dir() {
                read(&path, &inner, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                let code = text.lines().map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>();
                let is_folder = matches!(name.as_str(), "mod" | "lib");
                found.insert(if is_folder { module.to_vec() } else { inner }, code.join("\n"));
            }
        }
    }
    let mut found = BTreeMap::new();
    read(&Path::new(ROOT).join("core/src"), &[], &mut found);
    assert!(found.len() > 40, "the sources are not where they were");
    found
}

/// The paths that a tree of uses names.
fn flatten(tree: &str, prefix: &[String], paths: &mut Vec<Module>) {
    let tree = tree.trim();
    let (head, inner) = tree.split_once('{').map_or((tree, None), |(head, inner)| (head, Some(inner)));
    let segments = head.split("::").map(|segment| segment.split(" as ").next().unwrap_or(segment).trim());
    let path = [prefix, &segments.filter(|name| !name.is_empty()).map(String::from).collect::<Vec<_>>()].concat();
    let Some(inner) = inner else {
        paths.push(path);
        return;
    };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let (mut depth, mut start) = (0, 0);
    for (at, byte) in inner.bytes().chain([b',']).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                if !inner[start..at].trim().is_empty() {
                    flatten(&inner[start..at], &path, paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The paths within the crate that a module names, from the root on: in its uses (but those of its inline tests that
/// begin with `super`), and wherever else one begins with `crate`.
fn named(module: &[String], code: &str) -> Vec<Module> {
    let mut paths = Vec::new();
    let starts = code.match_indices("use ").filter(|(at, _)| {
        let line = code[..*at].rsplit('\n').next().unwrap_or("");
        line.is_empty()
    });
    for (at, _) in starts {
        let tree = code[at + 4..].split(';').next().unwrap_or("");
        flatten(tree, &[], &mut paths);
    }
    for (at, _) in code.match_indices("crate::") {
        let end = |byte: u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
        let rest = &code[at..];
        let length = rest.bytes().position(end).unwrap_or(rest.len());
        flatten(rest[..length].trim_end_matches(':'), &[], &mut paths);
    }
    paths.into_iter().filter_map(|path| from_root(module, &path)).collect()
}

fn from_root(module: &[String], path: &[String]) -> Option<Module> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    match path.first().map(String::as_str) {
        // Exported macros stand at the root, wherever they are written.
        Some("crate") => Some(path[1..].to_vec()).filter(|path| path.as_slice() != ["routes"]),
        Some("super") => Some([&module[..module.len() - ups], &path[ups..]].concat()),
        _ => None,
    }
}

fn shown(module: &[String]) -> String {
    module.join("::")
}

#[test]
fn no_floor_imports_a_higher_one() {
    let mut wrong = BTreeSet::new();
    let mut arrows = BTreeSet::new();
    for (module, code) in modules() {
        let [http, floor, ..] = module.as_slice() else { continue };
        if http != "http" {
            continue;
        }
        let allowed = match FLOORS.iter().find(|(name, _)| name == floor) {
            Some((_, allowed)) => *allowed,
            None if LEAVES.contains(&floor.as_str()) => &[],
            None => panic!("{} is neither a leaf nor on a floor", shown(&module)),
        };
        for path in named(&module, &code) {
            let target = match path.as_slice() {
                [http, target, ..] if http == "http" => target,
                [first, ..] if matches!(first.as_str(), "bytes" | "rules" | "time" | "readiness" | "transport") => {
                    continue;
                }
                _ => {
                    wrong.insert(format!("{} imports {}", shown(&module), shown(&path)));
                    continue;
                }
            };
            let is_allowed = target == floor || allowed.contains(&target.as_str()) || LEAVES.contains(&target.as_str());
            if !is_allowed {
                wrong.insert(format!("{} imports {}", shown(&module), shown(&path)));
            }
            arrows.insert((floor.clone(), target.clone()));
        }
    }
    assert!(wrong.is_empty(), "against the arrows, or not by its own module:\n{}", Vec::from_iter(wrong).join("\n"));
    for (floor, allowed) in FLOORS {
        let is_used = |target: &&str| arrows.contains(&((*floor).to_owned(), (*target).to_owned()));
        assert!(allowed.is_empty() || allowed.iter().any(is_used), "nothing was read of {floor}");
    }
}

#[test]
fn what_lies_below_the_protocols_does_not_know_them() {
    for (module, code) in modules() {
        let is_below = matches!(
            module.first().map(String::as_str),
            Some("bytes" | "rules" | "time" | "readiness" | "tcp" | "transport")
        );
        for path in named(&module, &code) {
            let is_protocol = path.first().is_some_and(|first| PROTOCOLS.contains(&first.as_str()));
            assert!(!is_below || !is_protocol, "{} imports {}", shown(&module), shown(&path));
        }
    }
}

#[test]
fn no_protocol_knows_another() {
    for (module, code) in modules() {
        let Some(protocol) = module.first().filter(|first| PROTOCOLS.contains(&first.as_str())) else { continue };
        for path in named(&module, &code) {
            // WebSocket begins in HTTP.
            let is_known = |first: &str| first == protocol || (protocol == "websocket" && first == "http");
            let is_other = path.first().is_some_and(|first| !is_known(first) && PROTOCOLS.contains(&first.as_str()));
            assert!(!is_other, "{} imports {}", shown(&module), shown(&path));
        }
    }
}

/// What stands beside HTTP and knows nothing of it: each room, and what it may import.
const ROOMS: &[(&str, &[&str])] =
    &[("ip", &["bytes", "rules"]), ("tcp", &["bytes", "ip", "readiness", "rules", "time"])];

#[test]
fn rooms_beside_http_import_what_they_may() {
    let mut read = BTreeSet::new();
    for (module, code) in modules() {
        let Some((room, allowed)) = ROOMS.iter().find(|(room, _)| module.first().is_some_and(|first| first == room))
        else {
            continue;
        };
        for path in named(&module, &code) {
            let first = path.first().map_or("", String::as_str);
            assert!(first == *room || allowed.contains(&first), "{} imports {}", shown(&module), shown(&path));
            read.insert(*room);
        }
    }
    assert_eq!(read.len(), ROOMS.len(), "nothing was read of a room");
}

/// A file that lies in the folder of another, and that other, are one thing: the one may name the other.
#[test]
fn no_module_imports_itself_through_others() {
    let modules = modules();
    let arrows: BTreeMap<_, BTreeSet<_>> = modules
        .iter()
        .filter(|(_, code)| !code.contains("pub use "))
        .map(|(module, code)| {
            let targets = named(module, code).into_iter().filter_map(|path| {
                (1..=path.len())
                    .rev()
                    .map(|length| &path[..length])
                    .find(|path| modules.contains_key(*path))
                    .map(<[_]>::to_vec)
            });
            let is_other = |target: &Module| !target.starts_with(module) && !module.starts_with(target);
            (module.clone(), targets.filter(is_other).collect())
        })
        .collect();
    for start in arrows.keys() {
        let (mut reached, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(module) = next.pop() {
            for target in arrows.get(module).into_iter().flatten() {
                assert!(target != start, "{} imports itself through {}", shown(start), shown(module));
                if reached.insert(target) {
                    next.push(target);
                }
            }
        }
    }
}
