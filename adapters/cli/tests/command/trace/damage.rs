//! Captures that are damaged.

use super::{conversation, pcap, trace, two_interfaces};
use crate::process::run;

#[test]
fn what_comes_before_damage_is_shown() {
    let whole = pcap(1, &conversation(), false, u32::to_le_bytes);
    let (status, output, errors) = trace(&[], &whole[..whole.len() - 1]);
    assert!(output.contains("8 packets: 8 of TCP"), "{output}");
    let last = whole.len() - 16 - 14 - 40;
    assert_eq!(
        (status, errors),
        (Some(1), format!("wirenut: cannot read 'capture' from byte {last} on: it is cut off\n"))
    );

    let mut blocks = two_interfaces(&conversation());
    let end = blocks.len();
    blocks.extend([6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let (status, output, errors) = trace(&[], &blocks);
    assert!(status == Some(1) && output.contains("9 packets: 9 of TCP"), "{output}");
    assert!(errors.starts_with(&format!("wirenut: cannot read 'capture' from byte {end} on: it is ")), "{errors}");

    for bytes in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0xd4, 0xc3, 0xb2]] {
        let (status, output, errors) = trace(&[], bytes);
        let expected = "wirenut: cannot read 'capture': this is neither pcap nor pcapng\n";
        assert_eq!((status, output.as_str(), errors.as_str()), (Some(1), "", expected));
    }
    let (status, _, errors) = run(&["trace", "/nowhere/x"]);
    assert!(status == Some(1) && errors.starts_with("wirenut: cannot read '/nowhere/x': No such file"), "{errors}");
}
