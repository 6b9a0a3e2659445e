//! Passwords: who is let in, what that costs, and what nobody gets to know.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use wirenut::http::BasicCredentials;

use crate::client::{Client, Response};
use crate::process::{PATIENCE, Server, run, wirenut};
use crate::tree::Tree;

/// A user of little cost: tests are not optimised.
fn pair(user: &str, password: &str) -> String {
    format!("{user}:{}", bcrypt::hash(password, 4).unwrap())
}

/// The field that gives a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    let mut room = [0; 512];
    let credentials = BasicCredentials { user: user.as_bytes(), password: password.as_bytes() };
    let value = credentials.write(&mut room).unwrap();
    format!("Authorization: {}\r\n", str::from_utf8(value).unwrap())
}

fn ask(client: &mut Client, request: &str, fields: &str) -> Response {
    client.send(format!("{request} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    if request.starts_with("HEAD") { client.head() } else { client.response() }
}

#[test]
fn everything_is_for_users() {
    let tree = Tree::with(&[("a.txt", "content"), ("dir/b", "")]);
    let pair = pair("ann", "s\u{e9}cret:with colon");
    let options = ["--auth", &pair, "--upload", "--cache", "no-cache", "--log-format", "common"];
    let server = Server::serve_with(&tree.public(), &options);
    let mut client = Client::connect(server.address);
    let known = basic("ann", "s\u{e9}cret:with colon");
    for (request, status) in [
        ("GET /a.txt", 200),
        ("HEAD /a.txt", 200),
        ("GET /", 200),
        ("GET /dir", 301),
        ("GET /missing", 404),
        ("GET /%zz", 400),
        ("DELETE /a.txt", 405),
        ("PUT /dir/", 409),
        ("POST /dir/", 415),
        ("PUT /new", 201),
    ] {
        for fields in ["", &basic("ann", "wrong"), &basic("bob", "s\u{e9}cret:with colon")] {
            let refused = ask(&mut client, request, fields);
            let challenge = refused.field("WWW-Authenticate");
            assert_eq!(
                (refused.status, challenge),
                (401, Some("Basic realm=\"Wirenut\", charset=\"UTF-8\"")),
                "{request}"
            );
            assert!(!refused.text().contains("content"), "{request}");
        }
        let answered = ask(&mut client, request, &known);
        assert_eq!((answered.status, answered.field("WWW-Authenticate")), (status, None), "{request}");
    }
    assert_eq!(fs::read(tree.public().join("new")).unwrap(), b"");
    assert_eq!(ask(&mut client, "GET /a.txt", &known).field("Cache-Control"), Some("private, no-cache"));
    let lines = server.output.wait_for(41);
    assert!(lines[0].starts_with("127.0.0.1 - - ["), "{}", lines[0]);
    assert!(lines[2].starts_with("127.0.0.1 - - [") && lines[2].contains(" 401 "), "a user who is none: {}", lines[2]);
    assert!(lines[3].starts_with("127.0.0.1 - ann ["), "{}", lines[3]);
    let all = [server.output.all(), server.errors.all()].concat().join("\n");
    let token = known.trim_end().rsplit(' ').next().unwrap();
    assert!(!all.contains("cret") && !all.contains("wrong") && !all.contains(token), "{all}");
}

#[test]
fn what_is_no_password_is_refused() {
    let tree = Tree::with(&[("a", "content")]);
    let server = Server::serve_with(&tree.public(), &["--auth", &pair("ann", "secret")]);
    let known = basic("ann", "secret");
    let long = format!("Authorization: Basic {}\r\n", "QUJD".repeat(2000));
    for fields in [
        "Authorization: \r\n",
        "Authorization: Basic\r\n",
        "Authorization: Basic !!!\r\n",
        "Authorization: Basic YW5u\r\n",
        "Authorization: Basic YW5uOnNlY3JldA\r\n",
        "Authorization: Bearer YW5uOnNlY3JldA==\r\n",
        "Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n",
        &long,
        &format!("{known}{known}"),
        &basic("", ""),
        &basic("ann", ""),
        &basic("ANN", "secret"),
    ] {
        assert_eq!(ask(&mut Client::connect(server.address), "GET /a", fields).status, 401, "{fields}");
    }
    let known = known.replace("Basic", "bASIC");
    assert_eq!(ask(&mut Client::connect(server.address), "GET /a", &known).text(), "content");
}

#[test]
fn each_model_asks_for_passwords() {
    let tree = Tree::with(&[("a", "content")]);
    for model in ["multiplexed", "iterative", "threading", "pre-threaded", "forking", "pre-forked"] {
        let server = Server::serve_with(&tree.public(), &["--auth", &pair("ann", "secret"), "--model", model]);
        let mut client = Client::connect(server.address);
        assert_eq!(ask(&mut client, "GET /a", "").status, 401, "{model}");
        assert_eq!(ask(&mut client, "GET /a", &basic("ann", "secret")).text(), "content", "{model}");
        assert_eq!(ask(&mut client, "GET /a", &basic("ann", "other")).status, 401, "{model}");
    }
}

/// Without memory for a check nobody knows whether a password is right. That is no wrong one, and is not remembered as such.
#[test]
fn a_check_for_which_there_is_no_memory_is_put_off() {
    // Of "secret": a check takes 128 MiB.
    const HASH: &str = "$argon2id$v=19$m=131072,t=1,p=1$c2FsdHNhbHQ$6cNaFYxin3WoiF0gIINbNvLIucUNbPk1etKy2D2KMJI";
    let tree = Tree::with(&[("a", "content")]);
    let mut command = wirenut();
    command.arg("serve").arg(tree.public()).args(["--listen", "127.0.0.1:0", "--auth", &format!("ann:{HASH}")]);
    // Otherwise each thread that allocates something reserves 64 MiB for itself.
    let server = Server::start(command.args(["--workers", "1"]).env("MALLOC_ARENA_MAX", "1"));
    let get = |user: &str, password: &str| {
        let mut client = Client::connect(server.address);
        let answer = ask(&mut client, "GET /a", &basic(user, password));
        (answer.status, answer.field("Retry-After").map(str::to_owned))
    };
    // From now on it has the threads that it needs.
    assert_eq!(get("ann", "before").0, 401);
    let id = server.child.id();
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let used: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    // Room for more threads, and not for a check.
    let limit = Rlimit { current: Some((used + 96 * 1024) * 1024), maximum: None };
    let pid = Pid::from_raw(id.try_into().unwrap());
    let before = prlimit(pid, Resource::As, Rlimit { maximum: getrlimit(Resource::As).maximum, ..limit }).unwrap();
    for (user, password) in [("ann", "secret"), ("ann", "wrong"), ("bob", "secret")] {
        assert_eq!(get(user, password), (503, Some("1".to_owned())), "{user} {password}");
    }
    let lines = server.errors.wait_for(1);
    assert!(lines[0].ends_with("cannot check a password: no memory is left"), "{lines:?}");
    prlimit(pid, Resource::As, before).unwrap();
    assert_eq!([get("ann", "secret").0, get("ann", "wrong").0, get("bob", "secret").0], [200, 401, 401]);
}

/// User and system time of a process, in ticks.
fn ticks(id: u32) -> u64 {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = line.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// A check of this hash takes some hundred milliseconds: of a hundred of them one would be seen.
#[test]
fn a_password_is_checked_once() {
    let tree = Tree::with(&[("a", "content")]);
    let pair = format!("ann:{}", bcrypt::hash("secret", 9).unwrap());
    let server = Server::serve_with(&tree.public(), &["--auth", &pair, "-q"]);
    for (fields, status) in [(basic("ann", "secret"), 200), (basic("ann", "wrong"), 401)] {
        let before = ticks(server.child.id());
        assert_eq!(ask(&mut Client::connect(server.address), "GET /a", &fields).status, status);
        let once = ticks(server.child.id()) - before;
        for _ in 0..10 {
            let mut client = Client::connect(server.address);
            (0..10).for_each(|_| assert_eq!(ask(&mut client, "GET /a", &fields).status, status));
        }
        let again = ticks(server.child.id()) - before - once;
        assert!(again < 20 * once.max(2), "{again} ticks for 100 requests, and {once} for the first");
    }
}

/// Who guesses keeps nobody out who is known, and each guess is answered.
#[test]
fn guesses_are_answered_and_others_served_meanwhile() {
    let tree = Tree::with(&[("a", "content")]);
    let server = Server::serve_with(&tree.public(), &["--auth", &pair("ann", "secret"), "-q"]);
    let known = basic("ann", "secret");
    assert_eq!(ask(&mut Client::connect(server.address), "GET /a", &known).status, 200);
    let mut guesses: Vec<Client> = (0..400)
        .map(|number| {
            let mut client = Client::connect(server.address);
            client.send(format!("GET /a HTTP/1.1\r\nHost: a\r\n{}\r\n", basic("ann", &number.to_string())));
            client
        })
        .collect();
    assert_eq!(ask(&mut Client::connect(server.address), "GET /a", &known).status, 200);
    let statuses: Vec<u16> = guesses.iter_mut().map(|client| client.response().status).collect();
    assert!(statuses.iter().all(|status| matches!(status, 401 | 503)), "{statuses:?}");
    assert!(statuses.contains(&401));
    assert_eq!(ask(&mut Client::connect(server.address), "GET /a", &basic("ann", "new guess")).status, 401);
}

/// No moment finds it empty.
fn replace(file: &Path, text: String) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

#[test]
fn users_of_a_file_come_and_go() {
    let tree = Tree::with(&[("a", "content")]);
    let file = tree.path().join("users");
    let path = file.to_str().unwrap();
    fs::write(&file, format!("# who\n{}\n", pair("ann", "1"))).unwrap();
    let server = Server::serve_with(&tree.public(), &["--auth-file", path, "--auth", &pair("root", "0")]);
    let status = |user, password| ask(&mut Client::connect(server.address), "GET /a", &basic(user, password)).status;
    let until = |user, password, expected| {
        let begun = Instant::now();
        while status(user, password) != expected {
            assert!(begun.elapsed() < PATIENCE, "{user} never got {expected}");
            thread::sleep(core::time::Duration::from_millis(50));
        }
    };
    assert_eq!((status("ann", "1"), status("bob", "2"), status("root", "0")), (200, 401, 200));
    replace(&file, pair("bob", "2"));
    until("bob", "2", 200);
    assert_eq!((status("ann", "1"), status("root", "0")), (401, 200), "what was remembered is forgotten");
    // What is broken changes nothing, and is told once.
    replace(&file, "bob".into());
    let begun = Instant::now();
    while server.errors.all().is_empty() && begun.elapsed() < PATIENCE {
        assert_eq!(status("bob", "2"), 200);
        thread::sleep(core::time::Duration::from_millis(50));
    }
    let told = server.errors.wait_for(1);
    assert!(told[0].contains("line 1: expected USER:HASH; the users that were known before stay"), "{told:?}");
    assert_eq!((status("bob", "2"), status("root", "0")), (200, 200));
    replace(&file, pair("cid", "3"));
    until("cid", "3", 200);
    assert_eq!(status("bob", "2"), 401);
}

/// Also by the first request after a long pause: nobody has asked meanwhile whether the file has changed. Where each connection
/// has a process of its own, each begins with a pause.
#[test]
fn who_was_removed_is_refused_the_first_time() {
    for model in ["multiplexed", "forking"] {
        let tree = Tree::with(&[("a", "content")]);
        let file = tree.path().join("users");
        fs::write(&file, pair("ann", "1")).unwrap();
        let options = ["--auth-file", file.to_str().unwrap(), "--upload", "--model", model];
        let server = Server::serve_with(&tree.public(), &options);
        let status = |request| ask(&mut Client::connect(server.address), request, &basic("ann", "1")).status;
        assert_eq!(status("GET /a"), 200, "{model}");
        // To read it takes some time.
        replace(&file, format!("{}{}", "# a\n".repeat(200_000), pair("bob", "2")));
        // As long as it may take, by the manual.
        thread::sleep(core::time::Duration::from_millis(1100));
        assert_eq!(status("PUT /a"), 401, "{model}");
        assert_eq!(fs::read(tree.public().join("a")).unwrap(), b"content", "{model}");
    }
}

#[test]
fn what_is_wrong_with_users_is_said_at_the_start() {
    let tree = Tree::with(&[("a", "")]);
    let (public, file) = (tree.public(), tree.path().join("users"));
    fs::write(&file, format!("{}\nbob:$apr1$x$y", pair("ann", "1"))).unwrap();
    let (file, missing) = (file.to_str().unwrap(), tree.path().join("missing"));
    let missing = missing.to_str().unwrap();
    for (option, value, said) in [
        ("--auth", "ann", "cannot use --auth: expected USER:HASH".into()),
        ("--auth", ":x", "cannot use --auth: the name of the user is empty".into()),
        ("--auth", "ann:secret", "cannot use --auth: this is not the hash of a password".into()),
        ("--auth", "ann:$2y$10$short", "cannot use --auth: the bcrypt hash is malformed".into()),
        ("--auth", "ann:$argon2id$v=19$m=9", "cannot use --auth: the argon2 hash is malformed".into()),
        ("--auth", "ann:{SHA}x", "cannot use --auth: this kind of hash is not supported".into()),
        ("--auth-file", file, format!("cannot use '{file}' for --auth-file: line 2: this kind of hash")),
        ("--auth-file", "/dev/zero", "cannot read '/dev/zero' for --auth-file: the file is longer than 1 MiB".into()),
        ("--auth-file", missing, format!("cannot read '{missing}' for --auth-file: No such file")),
    ] {
        let (status, output, errors) =
            run(&["serve", public.to_str().unwrap(), "--listen", "127.0.0.1:0", option, value]);
        assert_eq!((status, output.as_str()), (Some(1), ""), "{value}");
        assert!(errors.starts_with(&format!("wirenut: {said}")) && errors.matches('\n').count() == 1, "{errors}");
        assert!(!errors.contains("secret"), "{errors}");
    }
}

#[test]
fn what_is_rarely_meant_is_said() {
    let tree = Tree::with(&[("a", "")]);
    let pair = pair("ann", "1");
    for (options, said) in [
        (&["--listen", "127.0.0.1:0", "--auth", &pair][..], None),
        (&["--listen", "127.0.0.1:0", "--auth", &pair, "--model", "forking"], None),
        (&["--listen", "0.0.0.0:0", "--auth", &pair], Some("passwords are sent in plain text")),
        (&["--listen", "0.0.0.0:0", "--auth", &pair, "--model", "forking"], Some("passwords are sent in plain text")),
        (&["--listen", "127.0.0.1:0", "--upload"], None),
        (&["--listen", "0.0.0.0:0", "--upload"], Some("whoever can reach this machine may write files")),
        (
            &["--listen", "127.0.0.1:0", "--auth", &pair, "--cache", "public, max-age=1"],
            Some("--cache lets shared caches"),
        ),
    ] {
        let mut command = wirenut();
        let server = Server::start(command.arg("serve").arg(tree.public()).args(options));
        let address = core::net::SocketAddr::from(([127, 0, 0, 1], server.address.port()));
        Client::connect(address).get("/a");
        match said {
            Some(said) => {
                let is_forking = options.contains(&"forking");
                let told = server.errors.wait_for(1 + usize::from(is_forking));
                assert!(told[0].starts_with(&format!("wirenut: warning: {said}")), "{told:?}");
                assert_eq!(told.len(), 1 + usize::from(is_forking), "{told:?}");
                assert!(told[1..].iter().all(|line| line.contains("guesses are not slowed down")), "{told:?}");
            }
            None => assert!(server.errors.all().is_empty(), "{options:?}: {:?}", server.errors.all()),
        }
    }
}

/// Such as `--auth-file <(decrypt users)`.
#[test]
fn users_of_a_pipe_are_read_once() {
    let tree = Tree::with(&[("a", "content")]);
    let file = tree.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    let writer = {
        let file = file.clone();
        thread::spawn(move || fs::write(file, pair("ann", "1")))
    };
    let server = Server::serve_with(&tree.public(), &["--auth-file", file.to_str().unwrap()]);
    writer.join().unwrap().unwrap();
    let status = || ask(&mut Client::connect(server.address), "GET /a", &basic("ann", "1")).status;
    assert_eq!(status(), 200);
    // As long as it may take to look again.
    thread::sleep(core::time::Duration::from_millis(1100));
    assert_eq!(status(), 200);
    let opened = open(&file, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty());
    assert_eq!(opened.map(|_| ()), Err(Errno::NXIO), "nobody waits for more");
}

#[test]
fn secrets_in_the_served_directory_are_warned_of() {
    let pair = pair("ann", "1");
    let tree = Tree::with(&[("dir/users", &pair), (".users", &pair), ("public", "")]);
    fs::write(tree.path().join("users"), &pair).unwrap();
    std::os::unix::fs::symlink("public/dir/users", tree.path().join("link")).unwrap();
    for (file, options, is_served) in [
        ("users", &[][..], false),
        ("public/dir/users", &[], true),
        ("public/../public/dir/users", &["--upload"], true),
        ("link", &[], true),
        ("public/.users", &[], false),
        ("public/.users", &["--hidden"], true),
    ] {
        let file = tree.path().join(file);
        let options = [&["--auth-file", file.to_str().unwrap()], options].concat();
        let server = Server::serve_with(&tree.public(), &options);
        assert_eq!(ask(&mut Client::connect(server.address), "GET /", "").status, 401);
        if is_served {
            let said = format!("wirenut: warning: '{}' is in the directory that is served", file.display());
            assert!(server.errors.wait_for(1)[0].starts_with(&said), "{said}");
        } else {
            assert!(server.errors.all().is_empty(), "{:?}", server.errors.all());
        }
    }
}
