//! The form: its files, their names, and who may send it.

use super::{files, names, response};
use crate::client::Client;
use crate::process::Server;
use crate::tree::Tree;

/// A form of files, and of a field before them.
fn form(target: &str, fields: &str, replaces: bool, parts: &[(&str, &str)]) -> String {
    let mut body = String::new();
    if replaces {
        body.push_str("--x\r\nContent-Disposition: form-data; name=\"replace\"\r\n\r\n1\r\n");
    }
    for (name, content) in parts {
        let head = "Content-Disposition: form-data; name=\"file\"; filename";
        body.push_str(&format!("--x\r\n{head}=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n"));
    }
    body.push_str("--x--\r\n");
    format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\n{fields}Content-Type: multipart/form-data; boundary=x\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn files_are_stored_under_safe_names() {
    let tree = Tree::with(&[("dir/old", "old"), (".git/config", "kept")]);
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    let long = "a".repeat(256);
    for (name, status) in [
        ("a.txt", 303),
        ("\u{fc} %22.txt", 303),
        ("C:\\Users\\ann\\b.txt", 303),
        ("/etc/c.txt", 303),
        ("../../d.txt", 303),
        ("..\\e.txt", 303),
        ("old", 409),
        ("..", 400),
        ("../", 400),
        (".htaccess", 403),
        ("x/.env", 403),
        (".wirenut-upload-1", 400),
        ("a%0Ab", 400),
        ("a\tb", 400),
        (&long, 400),
    ] {
        let mut client = Client::connect(server.address);
        client.send(form("/dir/", "", false, &[(name, "new")]));
        let answer = response(&mut client);
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert_eq!(answer.field("Location"), (status == 303).then_some("./"), "{name}");
    }
    let expected =
        ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "old", "\u{fc} \".txt"].map(|name| format!("dir/{name}"));
    assert_eq!(names(&tree.public()), [&[".git/config".to_owned()][..], &expected].concat());
}

#[test]
fn forms_replace_only_what_they_may() {
    let tree = Tree::with(&[("a", "old")]);
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    let mut client = Client::connect(server.address);
    let mut ask = |request: String| {
        client.send(request);
        let answer = response(&mut client);
        (answer.status, answer.text().lines().last().unwrap().to_owned())
    };
    let many: Vec<(String, String)> = (0..200).map(|number| (format!("many-{number}"), number.to_string())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    assert_eq!(ask(form("/", "", false, &many)), (303, "200 files were stored.".into()));
    let (status, why) = ask(form("/", "", false, &[("b", "new"), ("a", "new"), ("c", "new")]));
    assert_eq!(status, 409);
    assert!(why.contains("is there already, and was not replaced") && why.contains("before it"), "{why}");
    assert_eq!(ask(form("/", "", true, &[("a", "new"), ("d", "new")])), (303, "2 files were stored.".into()));
    // A browser's form in which nothing was chosen.
    assert_eq!(ask(form("/", "", false, &[("", "")])), (400, "No file was chosen in the form.".into()));
    assert_eq!(ask(form("/", "", true, &[])).0, 400);
    assert_eq!(ask(form("/a", "", true, &[("x", "")])).0, 405);
    assert_eq!(ask(form("/none/", "", true, &[("x", "")])).0, 409);
    let found: Vec<_> = files(&tree.public()).into_iter().filter(|(name, _)| !name.starts_with("many")).collect();
    let expected = [("a", "new"), ("b", "new"), ("d", "new")];
    assert_eq!(found, expected.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec())));
    assert_eq!(std::fs::read(tree.public().join("many-199")).unwrap(), b"199");
}

#[test]
fn what_is_no_form_is_refused() {
    let tree = Tree::new();
    let server = Server::serve_with(&tree.public(), &["--upload", "--upload-limit", "1K"]);
    let file = "Content-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
    for (content_type, body, status) in [
        ("", "x".into(), 415),
        ("application/x-www-form-urlencoded", "a=b".into(), 415),
        ("multipart/form-data", "x".into(), 400),
        ("multipart/form-data; boundary=x", "no form".into(), 400),
        ("multipart/form-data; boundary=x", format!("--x\r\n{file}cut"), 400),
        ("multipart/form-data; boundary=x", format!("--x\r\n{file}a\r\n--xy\r\n"), 400),
        ("multipart/form-data; boundary=x", format!("--x\r\n\r\n{file}a\r\n--x--\r\n"), 400),
        ("multipart/form-data; boundary=x", format!("--x\r\n{file}{}\r\n--x--\r\n", "a".repeat(1000)), 413),
    ] {
        let mut client = Client::connect(server.address);
        let length = body.len();
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        assert_eq!(response(&mut client).status, status, "{content_type} {body}");
    }
    assert!(names(&tree.public()).is_empty());
}

/// Pages of others have visitors whose browsers know passwords.
#[test]
fn pages_of_others_send_nothing_here() {
    let tree = Tree::new();
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    for (fields, status) in [
        ("Sec-Fetch-Site: same-origin\r\n", 303),
        ("Origin: http://a\r\n", 303),
        ("Sec-Fetch-Site: cross-site\r\nOrigin: http://b\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\nOrigin: http://b.a\r\n", 403),
        ("Origin: http://b\r\n", 403),
        ("Origin: null\r\n", 403),
    ] {
        let mut client = Client::connect(server.address);
        client.send(form("/", fields, true, &[("a", "new")]));
        assert_eq!(response(&mut client).status, status, "{fields}");
        client.send(super::put("/b", fields, "new"));
        let expected = if status == 403 { 403 } else { 200 };
        assert_eq!(response(&mut client).status / 100, expected / 100, "{fields}");
    }
}

#[test]
fn lists_have_a_form_where_it_can_be_used() {
    let tree = Tree::with(&[("dir/a", ""), (".well-known/a", "")]);
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    let mut client = Client::connect(server.address);
    let list = client.get("/dir/");
    assert!(
        list.text().contains("<form class=\"upload\" method=\"post\" action=\"./\" enctype=\"multipart/form-data\">")
    );
    let replace = list.text().find("name=\"replace\"").unwrap();
    assert!(replace < list.text().find("type=\"file\"").unwrap(), "the server has to know it before the files come");
    assert!(list.field("Content-Security-Policy").unwrap().ends_with("form-action 'self'"));
    assert_eq!(client.head_of("/dir/").length(), list.length());
    assert!(!client.get("/.well-known/").text().contains("<form"));
}
