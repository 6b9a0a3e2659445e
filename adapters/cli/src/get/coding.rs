//! Content codings (RFC 9110 §8.4.1), undone as the content comes: gzip, deflate and br, in bounded memory and work.

use std::io;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use zlib_rs::{Inflate, InflateFlush, Status};

use super::failure::{GetFailure, Stop};

/// What is asked for by `--compressed`.
pub(super) const ACCEPTED: &[u8] = b"deflate, gzip, br";

/// More codings on top of each other are not undone.
const MAX_CODINGS: usize = 3;

/// Bytes that are decompressed at once.
const ROOM: usize = 64 * 1024;

/// Any content may become this many bytes, however short it is: text of one letter, or a disk image of zeros.
const FREE: u64 = 32 << 20;

/// Beyond that, each byte may become at most this many: ten times what text becomes. Only repetitions come near 1,032, the most
/// that DEFLATE can do.
const MAX_RATIO: u64 = 250;

const TRUNCATED: &str = "it is cut off";
const INVALID: &str = "it is damaged";
const BEHIND: &str = "something stands behind its end";
const BOMB: &str = "more than 32 MiB, and more than 250 times as much as was sent, would come of it";

/// Undoes what Content-Encoding names.
pub(super) struct Decoder(Vec<Layer>);

impl Decoder {
    /// For the values of the Content-Encoding fields.
    pub(super) fn new<'v>(values: impl Iterator<Item = &'v [u8]>) -> Result<Self, GetFailure> {
        let names = values.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
        let names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
        let mut layers = names.map(Layer::new).collect::<Result<Vec<_>, _>>()?;
        if layers.len() > MAX_CODINGS {
            return Err(GetFailure::Coding("it is coded more than three times"));
        }
        // The last that was applied is undone first.
        layers.reverse();
        Ok(Self(layers))
    }

    /// Is the content as it is sent?
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives to `put` what comes of a piece.
    pub(super) fn decode(&mut self, piece: &[u8], put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        decode(&mut self.0, piece, put)
    }

    /// The content has ended.
    pub(super) fn finish(&self) -> Result<(), GetFailure> {
        // Without a byte it is not coded: some servers say so of empty content.
        let is_whole = |layer: &Layer| layer.taken == 0 || layer.engine.is_whole();
        if self.0.iter().all(is_whole) { Ok(()) } else { Err(GetFailure::Coding(TRUNCATED)) }
    }
}

fn decode(layers: &mut [Layer], piece: &[u8], put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    match layers.split_first_mut() {
        None => put(piece),
        Some((first, rest)) => first.decode(piece, &mut |decoded| decode(rest, decoded, put)),
    }
}

struct Layer {
    engine: Engine,
    room: Box<[u8]>,
    taken: u64,
    given: u64,
}

enum Engine {
    Gzip {
        inflate: Box<Inflate>,
        /// A member has ended; another one may follow (RFC 1952 §2.2).
        is_whole: bool,
    },
    /// In zlib's format, as it must be, or without it, as some servers send it: its first byte tells.
    Deflate {
        inflate: Option<Box<Inflate>>,
        is_whole: bool,
    },
    Brotli {
        state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
        is_whole: bool,
    },
}

impl Layer {
    fn new(name: &[u8]) -> Result<Self, GetFailure> {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let engine = if is("gzip") || is("x-gzip") {
            Engine::Gzip { inflate: gzip(), is_whole: false }
        } else if is("deflate") {
            Engine::Deflate { inflate: None, is_whole: false }
        } else if is("br") {
            let memory = StandardAlloc::default;
            // Strict: a window of 16 MiB at most.
            let state = BrotliState::new_strict(memory(), memory(), memory());
            Engine::Brotli { state: Box::new(state), is_whole: false }
        } else {
            return Err(GetFailure::UnknownCoding(name.to_vec()));
        };
        Ok(Self { engine, room: vec![0; ROOM].into_boxed_slice(), taken: 0, given: 0 })
    }

    fn decode(&mut self, piece: &[u8], put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut rest = piece;
        loop {
            let (taken, given) = self.engine.step(rest, &mut self.room)?;
            rest = &rest[taken..];
            self.taken += u64::try_from(taken).unwrap_or(0);
            self.given += u64::try_from(given).unwrap_or(0);
            if self.given > FREE && self.given / MAX_RATIO > self.taken {
                return Err(Stop::Coding(BOMB).error());
            }
            if given > 0 {
                put(&self.room[..given])?;
            } else if rest.is_empty() {
                return Ok(());
            } else if taken == 0 {
                return Err(Stop::Coding(INVALID).error());
            }
        }
    }
}

fn gzip() -> Box<Inflate> {
    // zlib's way to say: the format of gzip, and the largest window.
    Box::new(Inflate::new(true, 16 + 15))
}

impl Engine {
    const fn is_whole(&self) -> bool {
        match self {
            Self::Gzip { is_whole, .. } | Self::Deflate { is_whole, .. } | Self::Brotli { is_whole, .. } => *is_whole,
        }
    }

    /// How many bytes were taken and given.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> io::Result<(usize, usize)> {
        match self {
            Self::Gzip { is_whole: true, .. } if input.is_empty() => Ok((0, 0)),
            Self::Gzip { inflate, is_whole } => {
                if *is_whole {
                    (*inflate, *is_whole) = (gzip(), false);
                }
                inflate_step(inflate, is_whole, input, output)
            }
            Self::Deflate { is_whole: true, .. } | Self::Brotli { is_whole: true, .. } if input.is_empty() => {
                Ok((0, 0))
            }
            Self::Deflate { is_whole: true, .. } | Self::Brotli { is_whole: true, .. } => {
                Err(Stop::Coding(BEHIND).error())
            }
            Self::Deflate { inflate, is_whole } => {
                let Some(first) = input.first() else {
                    return inflate
                        .as_mut()
                        .map_or(Ok((0, 0)), |inflate| inflate_step(inflate, is_whole, input, output));
                };
                // The method is DEFLATE in zlib's format (RFC 1950 §2.2); a block of DEFLATE hardly begins so.
                let inflate = inflate.get_or_insert_with(|| Box::new(Inflate::new(first & 0x8f == 0x08, 15)));
                inflate_step(inflate, is_whole, input, output)
            }
            Self::Brotli { state, is_whole } => {
                let (mut left, mut taken, mut room, mut given, mut all) = (input.len(), 0, output.len(), 0, 0);
                let result = BrotliDecompressStream(
                    &mut left, &mut taken, input, &mut room, &mut given, output, &mut all, state,
                );
                match result {
                    BrotliResult::ResultFailure => Err(Stop::Coding(INVALID).error()),
                    BrotliResult::ResultSuccess => {
                        *is_whole = true;
                        Ok((taken, given))
                    }
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok((taken, given)),
                }
            }
        }
    }
}

fn inflate_step(
    inflate: &mut Inflate,
    is_whole: &mut bool,
    input: &[u8],
    output: &mut [u8],
) -> io::Result<(usize, usize)> {
    let before = (inflate.total_in(), inflate.total_out());
    match inflate.decompress(input, output, InflateFlush::NoFlush) {
        Ok(Status::StreamEnd) => *is_whole = true,
        Ok(Status::Ok | Status::BufError) => {}
        Err(_) => return Err(Stop::Coding(INVALID).error()),
    }
    let count = |after: u64, before: u64| usize::try_from(after - before).unwrap_or(0);
    Ok((count(inflate.total_in(), before.0), count(inflate.total_out(), before.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GZIP: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0];
    const ZLIB: &[u8] = &[120, 156, 203, 72, 205, 201, 201, 7, 0, 6, 44, 2, 21];
    const RAW: &[u8] = &[203, 72, 205, 201, 201, 7, 0];
    const BROTLI: &[u8] = &[11, 2, 128, 104, 101, 108, 108, 111, 3];

    /// All of it in pieces of that length.
    fn decoded(codings: &[&str], content: &[u8], piece: usize) -> Result<Vec<u8>, String> {
        let mut decoder =
            Decoder::new(codings.iter().map(|name| name.as_bytes())).map_err(|error| error.to_string())?;
        let mut all = Vec::new();
        for piece in content.chunks(piece) {
            let decoded = decoder.decode(piece, &mut |decoded| {
                all.extend_from_slice(decoded);
                Ok(())
            });
            decoded.map_err(|error| error.to_string())?;
        }
        decoder.finish().map_err(|error| error.to_string())?;
        Ok(all)
    }

    #[test]
    fn each_coding_is_undone_however_it_is_cut() {
        for piece in 1..30 {
            for (codings, content) in [
                (&["gzip"][..], GZIP),
                (&["x-GZIP"], GZIP),
                (&["deflate"], ZLIB),
                (&["deflate"], RAW),
                (&["br"], BROTLI),
                (&["identity"], b"hello"),
                (&[], b"hello"),
                (&["identity, gzip"], GZIP),
            ] {
                assert_eq!(decoded(codings, content, piece).unwrap(), b"hello", "{codings:?} in pieces of {piece}");
            }
            assert_eq!(decoded(&["gzip"], &[GZIP, GZIP].concat(), piece).unwrap(), b"hellohello");
        }
    }

    #[test]
    fn what_is_cut_off_damaged_or_longer_is_an_error() {
        for (coding, content) in [("gzip", GZIP), ("deflate", ZLIB), ("deflate", RAW), ("br", BROTLI)] {
            assert_eq!(decoded(&[coding], b"", 1).unwrap(), b"");
            for end in 1..content.len() {
                let error = decoded(&[coding], &content[..end], 4).unwrap_err();
                assert!(error.contains(TRUNCATED), "{coding} cut at {end}: {error}");
            }
            assert!(decoded(&[coding], &[content, b"x"].concat(), 100).is_err(), "{coding}");
        }
        let mut damaged = GZIP.to_vec();
        damaged[20] ^= 1;
        assert!(decoded(&["gzip"], &damaged, 100).unwrap_err().contains(INVALID));
        assert!(decoded(&["br"], b"\xff\xff\xff", 100).is_err());
        assert!(decoded(&["zstd"], b"", 100).unwrap_err().contains("'zstd'"));
        assert!(decoded(&["gzip, gzip", "gzip, gzip"], b"", 100).unwrap_err().contains("three times"));
    }

    /// Gigabytes of zeros are not decompressed, also where they are coded twice.
    #[test]
    fn bombs_are_bounded() {
        let zeros = vec![0; 1 << 20];
        let member = compress(&zeros);
        let mut decoder = Decoder::new([&b"gzip"[..]].into_iter()).unwrap();
        let mut total = 0;
        let error = loop {
            let decoded = decoder.decode(&member, &mut |decoded| {
                total += decoded.len();
                Ok(())
            });
            if let Err(error) = decoded {
                break error;
            }
        };
        assert!(error.to_string().contains(BOMB) && total <= 33 << 20, "{error} after {total}");
        let twice = compress(&member.repeat(200));
        let error = decoded(&["gzip, gzip"], &twice, 1000).unwrap_err();
        assert!(error.contains(BOMB), "{error}");
    }

    fn compress(bytes: &[u8]) -> Vec<u8> {
        let mut deflate = zlib_rs::Deflate::new(9, true, 16 + 15);
        let mut out = vec![0; bytes.len() + 1000];
        deflate.compress(bytes, &mut out, zlib_rs::DeflateFlush::Finish).unwrap();
        out.truncate(usize::try_from(deflate.total_out()).unwrap());
        out
    }
}
