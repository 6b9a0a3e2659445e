//! The text format of Prometheus, version 0.0.4.
//!
//! Names and labels as its guide has them: a prefix, base units, `_total` behind what only grows; one label where the parts
//! make a sum.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use core::fmt::{self, Write};

use crate::report::Report;

#[derive(Clone, Copy)]
enum Kind {
    /// It only grows.
    Counter,
    Gauge,
}

/// Some numbers of one name, which differ in one label, or one without a label.
struct Family<'f> {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    label: &'static str,
    samples: &'f [(&'static str, u64)],
}

/// Writes all that is reported.
pub(crate) fn write(report: &Report, is_ending: bool, out: &mut impl Write) -> fmt::Result {
    let Report { handshakes, requests, deadlines, connections, .. } = report;
    let counters = [
        ("wirenut_connections_accepted_total", "Connections that were taken in.", report.accepted),
        (
            "wirenut_connections_refused_total",
            "Connections that were turned away, for want of a place.",
            report.refused,
        ),
        ("wirenut_connections_evicted_total", "Connections that were closed to make room for others.", report.evicted),
        ("wirenut_connections_cut_total", "Connections that did not end when the server stopped.", report.cut),
        ("wirenut_received_bytes_total", "Bytes that were received and consumed.", report.received),
        ("wirenut_sent_bytes_total", "Bytes that were given to the system to be sent.", report.sent),
        ("wirenut_panics_total", "Panics of what is served.", report.panics),
        ("wirenut_processes_replaced_total", "Processes of the server that died and were replaced.", report.replaced),
    ];
    for (name, help, count) in counters {
        Family { name, help, kind: Kind::Counter, label: "", samples: &[("", count)] }.write(out)?;
    }
    let families = [
        Family {
            name: "wirenut_tls_handshakes_total",
            help: "Handshakes of TLS, by how they ended.",
            kind: Kind::Counter,
            label: "outcome",
            samples: &[("full", handshakes.full), ("resumed", handshakes.resumed), ("failed", handshakes.failed)],
        },
        Family {
            name: "wirenut_requests_total",
            help: "Requests, by the class of the status that answered them.",
            kind: Kind::Counter,
            label: "code",
            samples: &[
                ("1xx", requests.informational),
                ("2xx", requests.successful),
                ("3xx", requests.redirection),
                ("4xx", requests.client_error),
                ("5xx", requests.server_error),
            ],
        },
        Family {
            name: "wirenut_deadlines_total",
            help: "Deadlines that ended a connection, by name.",
            kind: Kind::Counter,
            label: "deadline",
            samples: &[
                ("head", deadlines.head),
                ("body", deadlines.body),
                ("write", deadlines.write),
                ("idle", deadlines.idle),
                ("linger", deadlines.linger),
            ],
        },
        Family {
            name: "wirenut_connections",
            help: "Connections that there are, by what they are doing.",
            kind: Kind::Gauge,
            label: "state",
            samples: &[
                ("reading", connections.reading),
                ("idle", connections.idle),
                ("busy", connections.busy),
                ("lingering", connections.lingering),
            ],
        },
        Family {
            name: "wirenut_ending",
            help: "1 since the server was told to end.",
            kind: Kind::Gauge,
            label: "",
            samples: &[("", u64::from(is_ending))],
        },
    ];
    families.iter().try_for_each(|family| family.write(out))
}

impl Family<'_> {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let Self { name, help, kind, label, samples } = self;
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n")?;
        for (value, count) in *samples {
            if label.is_empty() {
                writeln!(out, "{name} {count}")?;
            } else {
                writeln!(out, "{name}{{{label}=\"{value}\"}} {count}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Connections, Deadlines, Handshakes, Requests};

    /// Each number is another one, so that none stands for another.
    const REPORT: Report = Report {
        accepted: 1,
        refused: 2,
        evicted: 3,
        cut: 4,
        panics: 5,
        replaced: 6,
        handshakes: Handshakes { full: 23, resumed: 24, failed: 25 },
        received: 7,
        sent: u64::MAX,
        requests: Requests { informational: 9, successful: 10, redirection: 11, client_error: 12, server_error: 13 },
        deadlines: Deadlines { head: 14, body: 15, write: 16, idle: 17, linger: 18 },
        connections: Connections { reading: 19, idle: 20, busy: 21, lingering: 22 },
    };

    const SAMPLES: [&str; 26] = [
        "wirenut_connections_accepted_total 1",
        "wirenut_connections_refused_total 2",
        "wirenut_connections_evicted_total 3",
        "wirenut_connections_cut_total 4",
        "wirenut_received_bytes_total 7",
        "wirenut_sent_bytes_total 18446744073709551615",
        "wirenut_panics_total 5",
        "wirenut_processes_replaced_total 6",
        "wirenut_tls_handshakes_total{outcome=\"full\"} 23",
        "wirenut_tls_handshakes_total{outcome=\"resumed\"} 24",
        "wirenut_tls_handshakes_total{outcome=\"failed\"} 25",
        "wirenut_requests_total{code=\"1xx\"} 9",
        "wirenut_requests_total{code=\"2xx\"} 10",
        "wirenut_requests_total{code=\"3xx\"} 11",
        "wirenut_requests_total{code=\"4xx\"} 12",
        "wirenut_requests_total{code=\"5xx\"} 13",
        "wirenut_deadlines_total{deadline=\"head\"} 14",
        "wirenut_deadlines_total{deadline=\"body\"} 15",
        "wirenut_deadlines_total{deadline=\"write\"} 16",
        "wirenut_deadlines_total{deadline=\"idle\"} 17",
        "wirenut_deadlines_total{deadline=\"linger\"} 18",
        "wirenut_connections{state=\"reading\"} 19",
        "wirenut_connections{state=\"idle\"} 20",
        "wirenut_connections{state=\"busy\"} 21",
        "wirenut_connections{state=\"lingering\"} 22",
        "wirenut_ending 1",
    ];

    fn text() -> String {
        let mut text = String::new();
        write(&REPORT, true, &mut text).unwrap();
        text
    }

    #[test]
    fn every_number_has_a_line() {
        let text = text();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples, SAMPLES);
        assert!(text.ends_with('\n'));
    }

    /// Before the samples of a name stand its help and its type, once; what only grows ends in `_total`, and nothing else does.
    #[test]
    fn every_name_has_a_help_and_a_type() {
        let text = text();
        let mut lines = text.lines().peekable();
        let mut seen = Vec::new();
        while let Some(line) = lines.next() {
            let (name, help) = line.strip_prefix("# HELP ").unwrap().split_once(' ').unwrap();
            assert!(help.ends_with('.') && !help.contains(['\\', '\n']), "{line}");
            let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(["counter", "gauge"].contains(&kind), "{name}");
            assert!(!seen.contains(&name), "{name}");
            seen.push(name);
            let mut count = 0;
            while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
                assert!(sample.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])), "{sample}");
                count += 1;
            }
            assert!(count > 0, "{name}");
        }
    }
}
