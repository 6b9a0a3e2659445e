//! What is written, is read as the same.

use core::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use wirenut::proxy::{
    Endpoints, HeaderWriter, Limits, Parsed, Tls, TlsTlv, Tlv, Transport, UnixAddress, Version, WriteError, parse,
    write_v1,
};

use super::{endpoints, header};

fn addresses() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    let of_ipv4 = any::<[u8; 8]>().prop_map(|[a, b, c, d, e, f, g, h]| ([a, b, c, d].into(), [e, f, g, h].into()));
    let of_ipv6 = any::<([u16; 8], [u16; 8])>().prop_map(|(one, other)| (one.into(), other.into()));
    let addresses = prop_oneof![of_ipv4, of_ipv6];
    (addresses, any::<(u16, u16)>())
        .prop_map(|((one, other), ports): ((IpAddr, IpAddr), _)| ((one, ports.0).into(), (other, ports.1).into()))
}

proptest! {
    #[test]
    fn any_addresses_are_read_as_they_are_written(
        (source, destination) in addresses(),
        is_stream in any::<bool>(),
        id in "[ -~]{0,128}",
    ) {
        let transport = if is_stream { Transport::Stream } else { Transport::Datagram };
        let endpoints = Endpoints::Ip { transport, source, destination };
        let mut room = [0; 256];
        let line = write_v1(&endpoints, &mut room).expect("room");
        let expected = if is_stream { endpoints } else { Endpoints::Unspecified };
        let Ok(Parsed::Header(header)) = parse(&Limits::DEFAULT, line) else { panic!("{line:?}") };
        prop_assert_eq!((header.version, header.endpoints, header.length), (Version::V1, expected, line.len()));

        let mut writer = HeaderWriter::new(&mut room, &endpoints).expect("room");
        writer.tlv(&Tlv::UniqueId(id.as_bytes())).expect("room");
        let bytes = writer.finish_with_checksum().expect("room").to_vec();
        let Ok(Parsed::Header(header)) = parse(&Limits::DEFAULT, &bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!((header.version, header.endpoints, header.length), (Version::V2, endpoints, bytes.len()));
        let tlvs: Vec<_> = header.tlvs.iter().collect();
        prop_assert!(matches!(tlvs[..], [Tlv::UniqueId(read), Tlv::Crc32c(_)] if read == id.as_bytes()));

        // No bit of it may change, beyond what says that there is a checksum at all.
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let got = parse(&Limits::DEFAULT, &bytes);
            if let Ok(Parsed::Header(header)) = got {
                prop_assert!(!header.tlvs.iter().any(|tlv| matches!(tlv, Tlv::Crc32c(_))), "bit {} of {:?}", bit, header);
            }
        }
    }
}

#[test]
fn other_ends() {
    let mut room = [0; 256];
    for (ends, line) in [
        (Endpoints::Local, "PROXY UNKNOWN\r\n"),
        (Endpoints::Unspecified, "PROXY UNKNOWN\r\n"),
        (
            Endpoints::Unix {
                transport: Transport::Stream,
                source: UnixAddress::UNNAMED,
                destination: UnixAddress(&[b'a'; 108]),
            },
            "PROXY UNKNOWN\r\n",
        ),
        (endpoints("192.0.2.7:1", "[2001:db8::1]:2"), "PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 1 2\r\n"),
        (endpoints("[2001:db8::1]:2", "192.0.2.7:1"), "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.7 2 1\r\n"),
    ] {
        assert_eq!(write_v1(&ends, &mut room), Ok(line.as_bytes()));
        let bytes = HeaderWriter::new(&mut room, &ends).expect("room").finish();
        let read = header(bytes).endpoints;
        let mapped = |address: SocketAddr| match address.ip() {
            IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
            IpAddr::V6(_) => address,
        };
        let expected = if let Endpoints::Ip { transport, source, destination } = ends {
            Endpoints::Ip { transport, source: mapped(source), destination: mapped(destination) }
        } else {
            ends
        };
        assert_eq!(read, expected);
    }
}

#[test]
fn what_has_no_room_or_would_be_refused_is_not_written() {
    let ends = endpoints("192.0.2.7:56324", "192.0.2.1:443");
    for room in 0..42 {
        assert_eq!(write_v1(&ends, &mut vec![0; room]), Err(WriteError::Full), "{room}");
        assert_eq!(
            HeaderWriter::new(&mut vec![0; room], &ends).err(),
            (room < 28).then_some(WriteError::Full),
            "{room}"
        );
    }
    let mut room = [0; 60];
    let mut writer = HeaderWriter::new(&mut room, &ends).expect("room");
    let with_text = |kind, value| Tlv::Other { kind, value };
    writer.tlv(&Tlv::Alpn(b"h2")).expect("room");
    for (tlv, error) in [
        (Tlv::Alpn(b"h3"), WriteError::InvalidTlv),
        (Tlv::Crc32c(0), WriteError::InvalidTlv),
        (with_text(3, b"abcd"), WriteError::InvalidTlv),
        (with_text(0x30, b"\n"), WriteError::InvalidTlv),
        (with_text(2, b"\xff"), WriteError::InvalidTlv),
        (with_text(0x20, b"\x01"), WriteError::InvalidTlv),
        (Tlv::Noop(&[0; 25]), WriteError::Full),
        (Tlv::Noop(&[0; 1 << 16]), WriteError::Full),
    ] {
        assert_eq!(writer.tlv(&tlv), Err(error), "{tlv:?}");
    }
    let tls = Tls { client: Tls::OVER_TLS, verify: 0, tlvs: Default::default() };
    assert_eq!(writer.tls(&tls, &[TlsTlv::Version("\0")]), Err(WriteError::InvalidTlv));
    assert_eq!(writer.tls(&tls, &[TlsTlv::ClientCertificate(&[0; 64])]), Err(WriteError::Full));
    // Nothing of those was.
    writer.tls(&tls, &[TlsTlv::Version("TLSv1")]).expect("room");
    assert_eq!(writer.tls(&tls, &[]), Err(WriteError::InvalidTlv));
    let bytes = writer.finish();
    assert_eq!(bytes.len(), 28 + 5 + 16);
    let tlvs: Vec<_> = header(bytes).tlvs.iter().map(|tlv| tlv.kind()).collect();
    assert_eq!(tlvs, [1, 0x20]);
}
