//! Other programs as clients.

use std::fs;
use std::process::{Command, Stdio};

use wirenut_client::Client;
use wirenut_server::Config;

use crate::lab::Place;
use crate::secure::{certificate, serve, start};

pub(crate) fn are_served() {
    let made = certificate();
    let running = start(&made, Config::DEFAULT, serve);
    let Place::Port(port) = running.place else { panic!("no port") };
    let file = std::env::temp_dir().join(format!("wirenut-peers-{}.pem", std::process::id()));
    fs::write(&file, made.cert.pem()).unwrap();
    let url = format!("https://localhost:{port}/");

    let client = Client::builder().add_root_certificates(made.cert.pem().as_bytes()).build();
    assert_eq!(client.get(&*url).send().unwrap().text(100).unwrap(), "Hello, World!\n");

    let path = file.display().to_string();
    let python = format!(
        "import ssl,socket\nc=ssl.create_default_context(cafile={path:?})\n\
         s=c.wrap_socket(socket.create_connection(('localhost',{port})),server_hostname='localhost')\n\
         s.sendall(b'GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n')\n\
         d=b''\n\
         while True:\n p=s.recv(999)\n if not p: break\n d+=p\n\
         print(d.decode(), s.version())\n"
    );
    for (version, curl) in [("--tlsv1.3", "curl"), ("--tls-max", "curl")] {
        let mut arguments = vec!["-sS", "--cacert", &path, version];
        if version == "--tls-max" {
            arguments.push("1.2");
        }
        // Two on one connection.
        arguments.extend([&*url, &*url]);
        let Some(output) = output(curl, &arguments) else { continue };
        assert_eq!(output, "Hello, World!\nHello, World!\n", "{version}");
    }
    if let Some(output) = output("python3", &["-c", &python]) {
        assert!(output.contains("Hello, World!\n TLSv1.3"), "{output}");
    }
    let address = format!("localhost:{port}");
    let arguments = ["s_client", "-connect", &address, "-CAfile", &path, "-verify_return_error", "-alpn", "http/1.1"];
    if let Some(output) = output("openssl", &arguments) {
        assert!(output.contains("ALPN protocol: http/1.1"), "{output}");
        assert!(output.contains("Verify return code: 0 (ok)"), "{output}");
    }
    fs::remove_file(&file).unwrap();
}

/// What it prints; none if it is not installed.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let ran = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match ran {
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{program}: {error}");
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(_) => {
            println!("{program} is not there");
            None
        }
    }
}
