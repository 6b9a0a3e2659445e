//! A server that others wrote.

use std::fs;
use std::process::Command;

use wirenut_client::Body;

use super::Authority;
use crate::lab::builder;
use crate::peers::{Program, comes_up};

/// Caddy speaks its own TLS, that of Go, and prefers HTTP/2 where it is offered.
#[test]
fn caddy_is_understood() {
    if !wirenut_tests::tools::has("caddy") {
        return;
    }
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let path = folder.path().display();
    let (certificate, key) = authority.pems("localhost");
    let configuration = format!(
        "{{
            admin off
            auto_https off
        }}
        (site) {{
            root * {path}
            redir /moved /file
            respond /teapot short 418
            file_server
        }}
        http://localhost {{
            bind unix/{path}/plain
            import site
        }}
        https://localhost {{
            bind unix/{path}/secure
            tls {path}/certificate {path}/key
            import site
        }}"
    );
    let content: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    for (name, content) in
        [("Caddyfile", configuration.as_bytes()), ("certificate", certificate.as_bytes()), ("key", key.as_bytes())]
    {
        fs::write(folder.path().join(name), content).unwrap();
    }
    fs::write(folder.path().join("file"), &content).unwrap();
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
    let _caddy = Program::start(command.env("HOME", folder.path()).env_remove("XDG_DATA_HOME"));
    for (scheme, socket) in [("http", "plain"), ("https", "secure")] {
        let builder = builder().add_root_certificates(authority.pem.as_bytes()).only_added_roots();
        let client = builder.unix_socket(folder.path().join(socket)).build();
        let get = |target: &str| client.get(format!("{scheme}://localhost{target}"));
        assert!(comes_up(|| get("/").send().is_ok()), "caddy does not start");
        for _ in 0..2 {
            assert!(get("/moved").send().unwrap().bytes(1_000_000).unwrap() == content);
            let part = get("/file").header("Range", "bytes=5-8").send().unwrap();
            assert_eq!((part.status().code(), part.bytes(10).unwrap()), (206, content[5..9].to_vec()));
            let teapot = client.post(format!("{scheme}://localhost/teapot")).body(Body::reader(&content[..]));
            let teapot = teapot.send().unwrap();
            assert_eq!((teapot.status().code(), teapot.text(10).unwrap().as_str()), (418, "short"));
            assert_eq!(get("/none").send().unwrap().status().code(), 404);
        }
    }
}
