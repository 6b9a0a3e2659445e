//! What the compiler says of applications that are wrong: in which line, and in which words.

use core::sync::atomic::{AtomicU32, Ordering};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is wrong, the routes, where the compiler sees it (in the whole macro: 0; in the route of that line), and what it
/// must say.
const WRONG: &[(&str, &str, usize, &[&str])] = &[
    (
        "a pattern without a slash",
        r#"get("/", |_, _, responder| responder.text("")),
           get("items", |_, _, responder| responder.text("")),"#,
        0,
        &["`items` is no pattern: it begins with `/`"],
    ),
    (
        "a parameter that is a part of a segment",
        r#"get("/items/a:id", |_, _, responder| responder.text("")),"#,
        0,
        &["`/items/a:id` is no pattern"],
    ),
    (
        "a rest that is not last",
        r#"get("/files/*path/x", |_, _, responder| responder.text("")),"#,
        0,
        &["`/files/*path/x` is no pattern"],
    ),
    (
        "a name twice",
        r#"get("/items/:id/parts/:id", |_, _, responder| responder.text("")),"#,
        0,
        &["is no pattern", "with names of their own"],
    ),
    (
        "a query in a pattern",
        r#"get("/items?id=1", |_, _, responder| responder.text("")),"#,
        0,
        &["`/items?id=1` is no pattern"],
    ),
    (
        "a route behind one that takes all of its requests",
        r#"get("/items/:id", |_, _, responder| responder.text("")),
           get("/items/new", |_, _, responder| responder.text("")),"#,
        0,
        &["`get /items/new` is never reached: a route before it takes all"],
    ),
    (
        "a route behind any method",
        r#"any("/*rest", |_, _, responder| responder.text("")),
           post("/", |_, _, responder| responder.text("")),"#,
        0,
        &["`post /` is never reached"],
    ),
    (
        "the same route twice",
        r#"put("/", |_, _, responder| responder.text("")),
           put("/", |_, _, responder| responder.text("")),"#,
        0,
        &["`put /` is never reached"],
    ),
    (
        "a handler that returns nothing that can go on",
        r#"get("/", |_, _, responder| responder.text("")),
           get("/a", |_, _, _| Ok("text")),"#,
        2,
        &["`&str` is no exchange of an application `()`", "return what `responder.text(…)`"],
    ),
    (
        "a handler with an argument too few",
        r#"get("/", |_, _, responder| responder.text("")),
           get("/a", |_, responder| responder.text("")),"#,
        2,
        &["expected to take 3 arguments", "2 arguments"],
    ),
    ("a method that there is not", r#"git("/", |_, _, responder| responder.text("")),"#, 1, &["git"]),
];

/// Routes that look like the wrong ones.
const RIGHT: &str = r#"get("/", |_, _, responder| responder.text("")),
    get("/items/new", |_, _, responder| responder.text("")),
    get("/items/:id", |_, _, responder| responder.text("")),
    post("/items/:id", |_, _, responder| responder.text("")),
    get("/items/:id/*rest", |_, _, responder| responder.text("")),
    any("/*rest", |_, _, responder| responder.text("")),"#;

#[test]
fn wrong_routes_do_not_compile_and_say_why() {
    let compiler = Compiler::new();
    assert_eq!(compiler.check(RIGHT), None);
    for (what, routes, line, words) in WRONG {
        let message = compiler.check(routes).unwrap_or_else(|| panic!("{what}: it compiles"));
        for word in *words {
            assert!(message.contains(word), "{what}: no {word:?} in\n{message}");
        }
        let place = format!("program.rs:{}:", MACRO_LINE + line);
        assert!(message.contains(&place), "{what}: no {place:?} in\n{message}");
    }
}

/// Without what handlers share.
#[test]
fn routes_of_nothing_shared_say_so() {
    let compiler = Compiler::new();
    let message =
        compiler.check_macro(r#"get("/", |_, _, responder| responder.text("")),"#).expect("it does not compile");
    assert!(message.contains("`routes!` begins with what its handlers share: `()` for nothing"), "{message}");
}

/// The line before the first route in the program.
const MACRO_LINE: usize = 2;

/// Of compilers, each with a folder of its own.
static NUMBER: AtomicU32 = AtomicU32::new(0);

struct Compiler {
    folder: PathBuf,
    core: PathBuf,
}

impl Compiler {
    /// With the core compiled for it.
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "compile_errors-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        ));
        fs::create_dir_all(&folder).unwrap();
        let core = folder.join("libwirenut.rmeta");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/lib.rs");
        let mut command = rustc("wirenut");
        command.arg("--extern").arg(dependency("crc")).arg(source).arg("-o").arg(&core);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder, core }
    }

    /// What the compiler says of these routes, if they are wrong.
    fn check(&self, routes: &str) -> Option<String> {
        self.check_macro(&format!("(),\n{routes}"))
    }

    /// The same of all that stands in the macro.
    fn check_macro(&self, inner: &str) -> Option<String> {
        let program = format!("pub fn program() {{ let _ =\nwirenut::http::service::routes!({inner}\n); }}\n");
        let source = self.folder.join("program.rs");
        fs::write(&source, program).unwrap();
        let mut external = OsString::from("wirenut=");
        external.push(&self.core);
        let mut command = rustc("program");
        command.arg("--extern").arg(external).arg(&source).arg("-o").arg(self.folder.join("program.rmeta"));
        let output = command.output().unwrap();
        (!output.status.success()).then(|| String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where the crates lie that this test is linked with: they are the core's dependencies, too.
fn dependencies() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().into()
}

/// What `--extern` takes for a dependency of the core.
fn dependency(name: &str) -> OsString {
    let is_it = |path: &PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        file.starts_with(&format!("lib{name}-")) && file.ends_with(".rlib")
    };
    let mut paths = fs::read_dir(dependencies()).unwrap().map(|entry| entry.unwrap().path());
    let path = paths.find(is_it).unwrap_or_else(|| panic!("no {name} beside the test"));
    [OsStr::new(name), OsStr::new("="), path.as_os_str()].into_iter().collect()
}

fn rustc(name: &str) -> Command {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args([
        "--edition",
        "2024",
        "--crate-type",
        "lib",
        "--emit",
        "metadata",
        "--crate-name",
        name,
        "-Awarnings",
        "-L",
    ]);
    command.arg([OsStr::new("dependency="), dependencies().as_os_str()].into_iter().collect::<OsString>());
    command
}
