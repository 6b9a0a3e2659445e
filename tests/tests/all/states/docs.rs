//! The docs show what the table says. `WIRENUT_BLESS=1` writes them anew.

use std::{env, fs};

use wirenut::http::state::{Side, State, TRANSITIONS, Transition};

use crate::process::ROOT;

/// The rows of a side.
fn rows(side: Side) -> impl Iterator<Item = (State, Transition, State)> + Clone {
    TRANSITIONS.iter().filter(move |row| row.0 == side).map(|&(_, from, change, to)| (from, change, to))
}

/// A table in Markdown: states down, changes across.
fn table(side: Side) -> Vec<String> {
    let changes: Vec<_> = Transition::ALL.into_iter().filter(|change| rows(side).any(|row| row.1 == *change)).collect();
    let line = |first: &str, cells: &mut dyn Iterator<Item = String>| {
        cells.fold(format!("| {first} |"), |line, cell| line + " " + &cell + " |")
    };
    let heading = line(&format!("{side:?}"), &mut changes.iter().map(|change| format!("{change:?}")));
    let rule = format!("|{}", "---|".repeat(changes.len() + 1));
    let states = State::ALL.into_iter().filter(|state| rows(side).any(|row| row.0 == *state || row.2 == *state));
    let lines = states.map(|state| {
        let next = |change: &Transition| state.after(side, *change).map_or(String::new(), |next| format!("{next:?}"));
        line(&format!("**{state:?}**"), &mut changes.iter().map(next))
    });
    [heading, rule].into_iter().chain(lines).collect()
}

/// A state diagram in Mermaid.
fn diagram(side: Side) -> Vec<String> {
    let arrows = rows(side).map(|(from, change, to)| format!("    {from:?} --> {to:?}: {change:?}"));
    let is_last = |state: &State| rows(side).any(|row| row.2 == *state) && rows(side).all(|row| row.0 != *state);
    let ends = State::ALL.into_iter().filter(is_last).map(|state| format!("    {state:?} --> [*]"));
    let begin = ["```mermaid", "stateDiagram-v2", "    [*] --> Idle"].map(String::from);
    begin.into_iter().chain(arrows).chain(ends).chain(["```".into()]).collect()
}

/// What stands in the file behind `<!-- name -->`, up to `<!-- end -->`, is `lines`, each behind `prefix`.
fn check(path: &str, prefix: &str, name: &str, lines: &[String]) {
    let text = fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"));
    let begin = format!("{prefix}<!-- {name} -->\n");
    let start = text.find(&begin).unwrap_or_else(|| panic!("{path} has lost its {name}")) + begin.len();
    let length = text[start..].find(&format!("{prefix}<!-- end -->\n")).expect("an end");
    let expected: String = lines.iter().map(|line| format!("{prefix}{line}\n")).collect();
    if text[start..start + length] == expected {
        return;
    }
    assert!(
        env::var_os("WIRENUT_BLESS").is_some(),
        "{path} does not show the {name}; WIRENUT_BLESS=1 writes\n{expected}"
    );
    let blessed = [&text[..start], &expected, &text[start + length..]].concat();
    fs::write(format!("{ROOT}/{path}"), blessed).expect("a file that can be written");
}

#[test]
fn the_docs_show_the_table() {
    for side in [Side::Client, Side::Server] {
        check("core/src/http/connection/state.rs", "//! ", &format!("table of the {side:?}"), &table(side));
        check("ARCHITECTURE.md", "", &format!("diagram of the {side:?}"), &diagram(side));
    }
}
